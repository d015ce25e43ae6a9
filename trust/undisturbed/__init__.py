"""Which estimator stands for the undisturbed ratio, and how its interval is computed: an experiment.

The criterion was fixed before the experiment was run, so that nobody picks an estimator by its result. What had been
seen by then were the spreads of some estimators between the stored runs, and trials on tens of simulated runs.

1. **It covers.** Over the simulated machines whose quiet share an estimator can be asked to bear (one level, and two
   levels with at least a quarter of the time quiet, as the stored runs with two levels had), its 95 % intervals hold
   the known undisturbed ratio in 93 to 97 % of runs, and the control's 1 in 93 to 97 %. "Known" is what the estimator
   says of a machine that is always quiet. Where less of the time is quiet, a miss counts as an error unless the run is
   warned of it.
2. **It is steady.** Of those that cover, the one with the least spread between stored runs: the standard deviation of
   the log ratio, squared, averaged over contenders and then over kinds of machine, each kind with the same weight.
3. **It finds changes.** A change of 3, 5 and 10 % that is put into one contender of the stored runs is found at least
   as often as with the median of paired ratios, on every kind of machine.
4. **Equals stay equal.** The control's interval is no wider than with the median of paired ratios, on every kind.

An estimator that holds the first two is the undisturbed ratio. Where none holds the first, it is the steadiest of those
that come nearest, and that is said. It is the headline, and what verdicts are given by, if it is also steadier than
the median over both kinds; where it does not hold 3 or 4 on some kind of machine, the page says on which.

Candidates are quantiles and means of the fastest rounds of all launches together, the quantiles in Harrell and Davis'
form, the minimum, the median ratio of the rounds that took the two together the least, the mean ratio of the fastest
rounds of the quieter launches, the mean of log quantile ratios, the ratio of sums, and the median of paired ratios.
Each has its interval from the launches: Student's over the pseudo-values of the jackknife, and Student's over the
bootstrap's standard error, both with one launch as the unit.
"""
