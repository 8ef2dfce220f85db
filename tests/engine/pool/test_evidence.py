"""Where the system counts the processes that it ended for want of memory, in the layouts that there are."""

import pytest

from tl_core.engine.pool import evidence
from tl_core.engine.pool.evidence import n_out_of_memory


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Lays out a system: its files and what our own groups are."""

    def lay(groups: str, files: dict[str, str]) -> None:
        for path, text in {"groups": groups, **files}.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text)

    monkeypatch.setattr(evidence, "CGROUPS", tmp_path / "cgroup")
    monkeypatch.setattr(evidence, "OWN_GROUPS", tmp_path / "groups")
    monkeypatch.setattr(evidence, "WHOLE_SYSTEM", tmp_path / "vmstat")
    return lay


def test_the_group_of_version_2_is_asked_first(system):
    files = {"cgroup/a/b/memory.events": "low 0\nmax 7\noom 5\noom_kill 2\n", "vmstat": "oom_kill 9\n"}
    system("0::/a/b\n", files)
    assert n_out_of_memory() == 2


def test_a_container_sees_its_own_group_as_the_root(system):
    system("0::/\n", {"cgroup/memory.events": "oom_kill 3\n"})
    assert n_out_of_memory() == 3


def test_the_group_of_version_1_counts_too(system):
    files = {"cgroup/memory/docker/x/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n"}
    system("11:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n", files)
    assert n_out_of_memory() == 4


@pytest.mark.parametrize("groups", ["0::/gone\n", "", "nonsense"])
def test_else_the_whole_machine_is_asked(system, groups):
    system(groups, {"vmstat": "nr_free_pages 12\noom_kill 6\n"})
    assert n_out_of_memory() == 6


def test_a_system_that_does_not_count_tells_nothing(system):
    system("0::/a\n", {"cgroup/a/memory.events": "low 0\n"})
    assert n_out_of_memory() is None


def test_this_system_is_read_without_an_error():
    assert n_out_of_memory() is None or n_out_of_memory() >= 0
