-- title = "Satisfaction"
-- gear = "experience"
-- of = "experience.satisfaction"
-- as = "mean"
-- scale = "log"
-- unit = "1"
-- needs = ["reviews.score"]
-- definition = "mean score of the reviews written in the period over the mean of the whole record"
-- error = "sd / sqrt(n), relative to the mean"
with reference as (
    select avg(score) as score from base.reviews
)
select
    p.period_start,
    p.period_end,
    avg(x.score) / nullif(min(r.score), 0) as value,
    stddev_samp(x.score) / nullif(sqrt(count(x.score)) * avg(x.score), 0) as error,
    count(x.score) as n
from base.periods p
join base.reviews x on x.written_period = p.period
cross join reference r
group by p.period_start, p.period_end
