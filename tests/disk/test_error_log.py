"""The log of what nobody foresaw."""

import logging
import re
import subprocess
import sys
import threading

import pytest

from tl_core.disk.error_log import FILE, FOLDER, MAX_BYTES, OLDER, hide_visits, keep_output, log_error, log_note


def fault(message: str) -> ValueError:
    """Returns an exception as it is caught: with a traceback."""
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


@pytest.fixture
def log(home):
    return home / FOLDER / FILE


def test_the_id_that_is_returned_finds_the_traceback(log):
    id_ = log_error(fault("no apples"), "/classify")
    head, *details = log.read_text().splitlines()
    assert re.fullmatch(rf"\S+T\S+ {id_} '/classify' ValueError", head)
    assert re.fullmatch("[0-9a-f]{8}", id_)
    assert details[-1] == "    ValueError: no apples"
    assert any(__file__ in line for line in details)


def test_the_same_fault_has_the_same_id_and_its_traceback_once(log):
    raised = [fault("always the same") for _ in range(50)]
    assert len({log_error(one, "/") for one in raised}) == 1
    lines = log.read_text().splitlines()
    assert len([line for line in lines if not line.startswith(" ")]) == 50
    assert len([line for line in lines if line == "    ValueError: always the same"]) == 1
    assert log_error(fault("another"), "/") != log_error(raised[0], "/")


def test_keys_and_cookies_do_not_get_into_the_log(log):
    log_error(fault("cookie tl_owner=abc.signature of owner 0123"), "/?key=abc.signature", ("abc.signature", "0123"))
    assert "abc.signature" not in log.read_text()
    assert "0123" not in log.read_text().replace(log.read_text().split()[1], "")
    log_error(fault("nothing to hide"), "/", (None, ""))
    assert "nothing to hide" in log.read_text()


def test_ids_of_visits_get_into_no_log_of_the_process_and_its_own_words_stay(log, caplog):
    visit, before = "0f8fad5b-d9cb-469f-a165-70867728950e", logging.getLogRecordFactory()
    try:
        hide_visits()
        logging.warning("%s came back to %s", 2, f"/upload/{visit}/7")
        logging.warning(f"{visit} is at 100 %")
        try:
            raise ValueError(visit)
        except ValueError:
            logging.exception("at %(visit)s", {"visit": "once"})
    finally:
        logging.setLogRecordFactory(before)
    assert visit not in caplog.text
    assert "2 came back to /upload/[hidden]/7" in caplog.text
    assert "[hidden] is at 100 %" in caplog.text
    assert "ValueError: [hidden]" in caplog.text
    log_error(fault(f"no visit {visit}"), f"/{visit}")
    assert visit not in log.read_text()


def test_no_message_can_pass_for_an_entry_or_move_the_cursor(log):
    log_error(fault("x\n2026-01-01T00:00:00 deadbeef '/' ValueError\r\x1b[2J\u202e"), "/\n2026 forged")
    lines = log.read_text().splitlines()
    assert [line for line in lines if not line.startswith("    ")] == [lines[0]]
    assert {"\x1b", "\r", "\u202e"} & set(log.read_text()) == set()


def test_the_log_takes_no_more_than_three_megabytes_and_keeps_the_newest(log):
    for number in range(150):
        newest = log_error(fault(f"{number} " + "猫" * 9_000), "/")
    sizes = [file.stat().st_size for file in log.parent.glob("server.log*")]
    assert len(sizes) == 3
    assert max(sizes) <= MAX_BYTES
    assert newest in log.read_text()


def test_a_traceback_is_written_again_in_a_new_file(log):
    raised = fault("comes again")
    id_ = log_error(raised, "/")
    log.write_text(log.read_text() + "x" * (MAX_BYTES - log.stat().st_size))
    assert log_error(raised, "/") == id_
    assert log.stat().st_size < 5_000
    assert "comes again" in log.read_text()


def test_a_long_message_is_cut(log):
    log_error(fault("猫" * 1_000_000), "/" * 1_000_000)
    assert log.stat().st_size < 200_000


def test_a_data_folder_that_cannot_be_used_is_no_reason_to_fail(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TL_HOME", str(tmp_path / "file" / "inside"))
    id_ = log_error(fault("no folder"), "/")
    told = capsys.readouterr().err
    assert id_ in told
    assert "ValueError: no folder" in told


def test_entries_of_many_threads_stay_whole(log):
    threads = [threading.Thread(target=log_error, args=(fault(f"thread {n}"), "/")) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    heads = [line for line in log.read_text().splitlines() if not line.startswith(" ")]
    assert len(heads) == 20
    assert all(re.fullmatch(r"\S+ [0-9a-f]{8} '/' ValueError", head) for head in heads)


def test_a_note_stands_in_the_log_and_on_the_standard_error_output(log, capsys):
    log_note("SQLite is old")
    assert capsys.readouterr().err == "SQLite is old\n"
    assert re.fullmatch(r"\S+T\S+ SQLite is old\n", log.read_text())


def test_what_a_process_says_goes_into_a_log_that_takes_no_more_than_three_megabytes(tmp_path):
    script = f"import os; [os.write(2, (b'%07d' % n) + b'x' * 9_993) for n in range({5 * MAX_BYTES // 10_000})]"
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as process:
        keep_output(process.stderr, tmp_path, "worker.log")
    files = [tmp_path / f"worker.log{suffix}" for suffix in OLDER]
    kept = b"".join(file.read_bytes() for file in reversed(files))
    assert {file.name for file in tmp_path.glob("worker.log*")} == {file.name for file in files}
    assert max(file.stat().st_size for file in files) <= MAX_BYTES
    assert len(kept) > 2 * MAX_BYTES
    assert kept.replace(b"x", b"").endswith(b"0000498" + b"0000499")


def test_a_process_whose_log_cannot_be_written_is_not_kept_waiting(tmp_path):
    (tmp_path / "worker.log").mkdir()
    script = "import os; [os.write(2, b'x' * 10_000) for _ in range(100)]"
    with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as process:
        keep_output(process.stderr, tmp_path, "worker.log")
    assert process.returncode == 0
