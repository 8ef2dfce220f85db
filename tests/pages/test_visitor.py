"""The visitor without a browser: which answer settles which question, and which question the server has dropped."""

import asyncio

import pytest
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.measures.visitor import PAGE, Visitor


class Socket:
    """Takes what a visitor sends."""

    def __init__(self) -> None:
        self.n_sent = 0

    async def send(self, data: bytes) -> None:
        self.n_sent += 1


def begun(*fragments: str) -> bytes:
    message = ForwardMsg()
    message.new_session.name = "app"
    message.metadata.run.fragment_ids.extend(fragments)
    return message.SerializeToString()


def ended(*fragments: str, status: int | None = None) -> bytes:
    usual = ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY if fragments else ForwardMsg.FINISHED_SUCCESSFULLY
    message = ForwardMsg(script_finished=usual if status is None else status)
    message.metadata.run.fragment_ids.extend(fragments)
    return message.SerializeToString()


def wants(fragment: str, interval: float) -> bytes:
    message = ForwardMsg()
    message.auto_rerun.fragment_id, message.auto_rerun.interval = fragment, interval
    return message.SerializeToString()


def asked(questions: list[str], said: list[bytes]) -> list[bool | None]:
    """Asks, lets the server say something; returns for each question whether it was answered, None while it is open."""

    async def talk() -> list[bool | None]:
        visitor = Visitor(Socket(), {})
        tasks = [asyncio.create_task(visitor.ask(question)) for question in questions]
        await asyncio.sleep(0)
        for data in said:
            visitor._take(data)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        answers = [task.result() is not None if task.done() else None for task in tasks]
        for task in tasks:
            task.cancel()
        return answers

    return asyncio.run(talk())


EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


@pytest.mark.parametrize(
    ("questions", "said", "answers"),
    [
        (["a"], [begun("a")], [None]),
        (["a"], [begun("a"), ended("a")], [True]),
        (["a", "b"], [begun("a"), ended("a"), begun("b"), ended("b")], [True, True]),
        (["a", "b"], [begun("a", "b"), ended("a", "b")], [True, True]),
        (["a", "b"], [begun("b"), ended("b")], [False, True]),  # asked before, not answered: dropped
        (["a", "b"], [begun("a"), ended("a", status=EARLY), begun("b")], [True, None]),  # the next waits, no more
        (["a"], [begun("a"), ended("a", status=EARLY), begun()], [None]),  # the whole page comes anew
        (["a", PAGE], [begun(), ended()], [True, True]),
    ],
)
def test_an_answer_settles_its_questions(questions, said, answers):
    assert asked(questions, said) == answers


def test_a_page_says_which_fragments_to_ask_for_and_a_new_page_says_it_again():
    visitor = Visitor(Socket(), {})
    visitor._take(wants("a", 1.0))
    visitor._take(wants("b", 2.0))
    assert visitor.polls == {"a": 1.0, "b": 2.0}
    visitor._take(begun("a"))
    assert visitor.polls == {"a": 1.0, "b": 2.0}
    visitor._take(begun())
    assert visitor.polls == {}


def test_widgets_are_found_by_their_keys():
    message = ForwardMsg()
    message.delta.new_element.button.id = "$$ID-0123abcd-w:train-1"
    visitor = Visitor(Socket(), {})
    visitor._take(message.SerializeToString())
    assert visitor.widgets == {"w:train-1": "$$ID-0123abcd-w:train-1"}
