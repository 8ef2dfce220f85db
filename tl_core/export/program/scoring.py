"""The part of a program that asks what was learned, with pictures that nothing was chosen by."""

from tl_core.export.program.facts import Facts
from tl_core.export.program.pieces import Piece

LOSS = """\
test_loss, test_accuracy = model.evaluate(pictures[test], labels[test], BATCH, verbose=0)
print(f"test loss {test_loss:.5f}, accuracy {test_accuracy:.5f}")"""
EACH = """\
guesses = model.predict(pictures[test], BATCH, verbose=0).argmax(axis=1)
for label, name in enumerate(classes):
    mine = labels[test] == label
    print(f"{name}: {np.sum(guesses[mine] == label)} / {np.sum(mine)}")

columns = "train_loss,train_accuracy,val_loss,val_accuracy"
np.savetxt(HERE / "history.csv", history, delimiter=",", header=columns, comments="")
model.save(HERE / "trained.keras")"""


def scoring_piece(facts: Facts) -> Piece:
    """Returns the part that evaluates the trained network, and keeps it."""
    accuracy = 'print(f"test accuracy {np.mean(guesses == labels[test]):.5f}")'  # of margins there is no loss
    first, *rest = EACH.split("\n")
    lines = [*LOSS.split("\n"), first, *rest] if facts.spec.has_probabilities else [first, accuracy, *rest]
    return Piece(facts.say("evaluate_title"), facts.say("evaluate"), lines)
