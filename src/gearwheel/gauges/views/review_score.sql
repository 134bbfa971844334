-- title = "Review score"
-- gear = "experience"
-- as = "mean"
-- scale = "log"
-- unit = "1"
-- needs = ["reviews.score"]
-- definition = "mean score, 1 (worst) to 5, of the reviews written in the period"
-- error = "sd / sqrt(n), relative to the mean"
select
    p.period_start,
    p.period_end,
    avg(r.score) as value,
    stddev_samp(r.score) / sqrt(count(*)) / nullif(avg(r.score), 0) as error,
    count(*) as n
from base.periods p
join base.reviews r on r.written_period = p.period
where r.score is not null
group by p.period_start, p.period_end
