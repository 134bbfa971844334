-- title = "Review score of an order"
-- gear = "experience"
-- as = "mean"
-- scale = "log"
-- unit = "1"
-- needs = ["reviews.score"]
-- definition = "mean score, 1 (worst) to 5, of the period's orders that were reviewed within 30 days; a period counts once its 30 days are over"
-- error = "sd / sqrt(n), relative to the mean"
with scores as (
    select s.period, r.score
    from base.period_states s
    join base.reviews r on r.period = s.period
    where s.end_day + 30 <= s.last_order + 1 and r.written_day <= r.day_no + 30
)
select
    p.period_start,
    p.period_end,
    avg(s.score) as value,
    stddev_samp(s.score) / nullif(sqrt(count(s.score)) * avg(s.score), 0) as error,
    count(s.score) as n
from base.periods p
join scores s on s.period = p.period
group by p.period_start, p.period_end
