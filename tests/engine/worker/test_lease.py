from tests.engine.engine_bench import Clock
from tl_core.engine.worker.lease import Lease


def lease() -> tuple[Lease, Clock, list[float]]:
    clock, left = Clock(), list[float]()
    return Lease(lambda: left.append(clock()), clock), clock, left


def test_a_worker_without_a_lease_goes_on_for_ever():
    made, clock, left = lease()
    clock.pass_s(1e6)
    made.check()
    assert left == []


def test_a_worker_ends_once_no_heartbeat_was_heard_for_so_long():
    made, clock, left = lease()
    for _ in range(5):
        made.renew(clock(), 8.0)
        clock.pass_s(2.0)
        made.check()
    clock.pass_s(6.0)
    made.check()
    assert left == []
    clock.pass_s(0.1)
    made.check()
    assert left == [clock()]


def test_a_renewal_counts_from_when_the_heartbeat_was_said_and_never_shortens_the_lease():
    made, clock, left = lease()
    said_s = clock()
    clock.pass_s(3.0)
    made.renew(clock(), 8.0)
    made.renew(said_s, 8.0)  # came late
    clock.pass_s(7.9)
    made.check()
    assert left == []
    clock.pass_s(0.2)
    made.check()
    assert len(left) == 1


def test_before_the_first_heartbeat_was_heard_the_lease_begins_when_the_worker_hears_of_it():
    made, clock, left = lease()
    made.renew(None, 8.0)
    clock.pass_s(8.1)
    made.check()
    assert len(left) == 1


def test_what_was_frozen_does_not_live_on_by_the_renewals_that_lay_about():
    made, clock, left = lease()
    made.renew(clock(), 8.0)
    said_s = clock()
    clock.pass_s(60.0)
    made.renew(said_s + 2.0, 8.0)
    assert len(left) == 1
