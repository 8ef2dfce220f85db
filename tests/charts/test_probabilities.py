from tl_core.charts import theme
from tl_core.charts.probabilities import (
    ProbabilitiesInfo,
    ProbabilitiesLabels,
    Probability,
    probabilities_figure,
    probabilities_info,
)

LABELS = ProbabilitiesLabels("Probability")


def test_the_most_probable_classes_come_first_and_ties_keep_their_order():
    predictions = [("pear", 0.1), ("apple", 0.6), ("melon", 0.1), ("lemon", 0.2)]
    assert probabilities_info(predictions, top=3) == ProbabilitiesInfo(
        (Probability("apple", 0.6), Probability("lemon", 0.2), Probability("pear", 0.1)), "run"
    )


def test_bars_are_labelled_in_percent_with_the_best_on_top():
    figure = probabilities_figure(probabilities_info([("pear", 0.255), ("apple", 0.745)]), LABELS)
    assert figure.data[0].text == ("74.5%", "25.5%")
    assert figure.data[0].x == (0.745, 0.255)
    low, high = figure.layout.yaxis.range
    assert low > high  # the axis runs downwards: place 0 is on top


def test_run_and_baseline_differ_in_colour():
    both = [probabilities_figure(probabilities_info([("a", 1.0)], role=role), LABELS) for role in ("run", "baseline")]
    assert [figure.data[0].marker.color for figure in both] == [(theme.RUN.colour,), (theme.BASELINE.colour,)]


def test_a_hostile_class_name_is_shown_letter_by_letter():
    figure = probabilities_figure(probabilities_info([("<b>cat</b> & 猫", 1.0)]), LABELS)
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;cat&lt;/b&gt; &amp; 猫",)
    assert figure.data[0].hovertext == ("&lt;b&gt;cat&lt;/b&gt; &amp; 猫: 100.0%",)


def test_classes_of_the_same_name_keep_bars_of_their_own():
    figure = probabilities_figure(probabilities_info([("cat", 0.7), ("cat", 0.3)]), LABELS)
    assert figure.data[0].y == (0, 1)


def test_a_long_class_name_is_shortened_on_the_axis_and_whole_in_the_hover_box():
    name = "a class whose name goes on and on"
    figure = probabilities_figure(probabilities_info([(name, 1.0)]), LABELS)
    assert figure.layout.yaxis.ticktext == ("a class whose name go…",)
    assert name in figure.data[0].hovertext[0]
