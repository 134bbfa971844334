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
    avg(x.score) as value,
    stddev_samp(x.score) / nullif(sqrt(count(x.score)) * avg(x.score), 0) as error,
    count(x.score) as n
from base.periods p
join base.reviews x on x.written_period = p.period
group by p.period_start, p.period_end
