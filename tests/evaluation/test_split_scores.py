from tl_core.evaluation.split_scores import FILE, keep_scores, kept_scores


def test_scores_are_kept_split_by_split_until_the_run_has_other_weights(tmp_path):
    assert kept_scores(tmp_path, "noon") == {}
    keep_scores(tmp_path, "noon", "train", {"accuracy": 1.0})
    keep_scores(tmp_path, "noon", "validation", {"accuracy": 0.5})
    assert kept_scores(tmp_path, "noon") == {"train": {"accuracy": 1.0}, "validation": {"accuracy": 0.5}}
    assert kept_scores(tmp_path, "evening") == {}  # it went on
    keep_scores(tmp_path, "evening", "train", {"accuracy": 0.9})
    assert kept_scores(tmp_path, "evening") == {"train": {"accuracy": 0.9}}


def test_a_damaged_file_is_as_none(tmp_path):
    for content in ("", "[]", '{"ended_at": "noon"}', '{"ended_at": "noon", "scores": 3}', "{"):
        (tmp_path / FILE).write_text(content)
        assert kept_scores(tmp_path, "noon") == {}
