"""Memory read from made-up system files; how many workers fit into it."""

import pytest

from tl_core.engine.pool import capacity
from tl_core.engine.pool.capacity import UNKNOWN_BYTES, WORKER_BYTES, free_bytes, n_extra_workers

GB = 1_000_000_000


@pytest.fixture
def meminfo(tmp_path):
    path = tmp_path / "meminfo"
    path.write_text("MemTotal:       8000000 kB\nMemFree:         100000 kB\nMemAvailable:   5000000 kB\n")
    return path


@pytest.fixture
def cgroup(tmp_path):
    def write(limit: str, used: int, dropped: int):
        for name, text in (
            ("memory.max", limit),
            ("memory.current", used),
            ("memory.stat", f"inactive_file {dropped}"),
        ):
            (tmp_path / name).write_text(f"{text}\n")
        return tmp_path

    return write


def test_free_is_what_the_system_calls_available(meminfo, tmp_path):
    assert free_bytes(meminfo, tmp_path / "nothing") == 5_000_000 * 1024


def test_the_limit_of_a_container_counts_when_it_is_nearer(meminfo, cgroup):
    assert free_bytes(meminfo, cgroup(str(4 * GB), 3 * GB, GB // 2)) == GB + GB // 2
    assert free_bytes(meminfo, cgroup(str(400 * GB), 3 * GB, 0)) == 5_000_000 * 1024
    assert free_bytes(meminfo, cgroup("max", 3 * GB, 0)) == 5_000_000 * 1024
    assert free_bytes(meminfo, cgroup(str(4 * GB), 5 * GB, 0)) == 0


def test_a_system_that_does_not_say_what_is_free_counts_with_half_of_its_memory(tmp_path, monkeypatch):
    sizes = {"SC_PHYS_PAGES": 1000, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(capacity.os, "sysconf", sizes.__getitem__, raising=False)
    assert free_bytes(tmp_path / "nothing", tmp_path / "nothing") == 2_048_000


def test_a_system_that_says_nothing_counts_with_a_little(tmp_path, monkeypatch):
    monkeypatch.delattr(capacity.os, "sysconf", raising=False)
    assert free_bytes(tmp_path / "nothing", tmp_path / "nothing") == UNKNOWN_BYTES


@pytest.mark.parametrize(
    ("n_cores", "n_threads", "n_in_memory", "expected"),
    [(2, 2, 10, 2), (8, 8, 10, 8), (8, 8, 4, 3), (2, 2, 1, 0), (2, 2, 0, 0), (1, 1, 10, 0), (4, 1, 10, 3)],
)
def test_there_is_a_worker_for_each_core_as_far_as_memory_goes_beside_the_main_one(
    monkeypatch, n_cores, n_threads, n_in_memory, expected
):
    monkeypatch.delenv("TL_WORKERS", raising=False)
    monkeypatch.setattr(capacity.os, "cpu_count", lambda: n_cores)
    assert n_extra_workers(n_threads, lambda: n_in_memory * WORKER_BYTES) == expected


@pytest.mark.parametrize(("setting", "expected"), [("1", 0), ("4", 3), ("0", 0)])
def test_a_setting_overrides_the_number_of_workers_the_main_one_included(monkeypatch, setting, expected):
    monkeypatch.setenv("TL_WORKERS", setting)
    assert n_extra_workers(2, lambda: 0) == expected
