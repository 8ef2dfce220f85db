"""Tries learning rates on a network, one step at each; what the losses say is in `rate_finder`."""

from itertools import count

from tl_core.training.events import Computation, Phase
from tl_core.training.rate_finder import MOST, RateCurve, has_diverged, n_rates, rate_curve, rates_to_try
from tl_core.training.trainer import Trainer, batches


class RateTester(Trainer):
    """Takes a network at the beginning of its last phase; arguments as there.

    Thread: worker.

    References: As `rate_finder`.
    """

    def try_rates(self) -> Computation[RateCurve]:
        """Takes one step at each of many rates, ever larger ones; the weights are of no use afterwards.

        Only for a rate that stays what it is: the spec's schedule must be "constant".

        Yields:
            `Phase` "rates" after each step.

        Raises:
            StopRequested: `should_stop` said so.
        """
        yield Phase("compiling")
        self.steps.compile()
        rates, losses = rates_to_try(MOST), []
        for epoch in count(1):
            yield from self.source.prepare(epoch)
            for chosen in batches(self.train, self.spec.batch_size, self.spec.seed, epoch):
                started_s = self.clock.elapsed_s
                self.model.optimizer.learning_rate = rates[len(losses)]
                losses.extend(loss for loss, *_ in self._take_steps(chosen[None], epoch))
                if len(losses) == 1:  # the first tells how many there is time for
                    rates = rates_to_try(n_rates(self.clock.elapsed_s - started_s))
                yield Phase("rates", len(losses), len(rates))
                self._stop_if_asked()
                if len(losses) == len(rates) or has_diverged(losses):
                    return rate_curve(rates, losses)
        raise AssertionError  # epochs have no end
