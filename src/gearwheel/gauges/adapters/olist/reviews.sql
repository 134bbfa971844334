-- Some orders have more than one review, and some reviews speak of more than one order: one row an order, averaged.
-- A few have lost their creation date; then the answer's stands in for it.
select
    order_id,
    avg(review_score) as score,
    string_agg(
        nullif(concat_ws(E'\n', review_comment_title, review_comment_message), ''), E'\n'
        order by review_creation_date, review_comment_message
    ) as text,
    min(coalesce(review_creation_date, review_answer_timestamp)) as created_at
from source."order_reviews"
group by order_id
