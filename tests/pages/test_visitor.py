"""The visitor without a browser: which answer settles which question, which the server has dropped, how files go."""

import asyncio

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from pages.measures.visitor import CHUNK_BYTES, PAGE, Visitor


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


def test_a_page_that_has_been_drawn_is_asked_for_by_the_name_that_the_server_gave_it():
    visitor = Visitor(Socket(), {}, "data")
    asked = visitor._message(PAGE, ()).rerun_script
    assert (asked.page_name, asked.page_script_hash) == ("data", "")
    navigation = ForwardMsg()
    navigation.navigation.page_script_hash = "0123"
    visitor._take(navigation.SerializeToString())
    asked = visitor._message("a", ()).rerun_script
    assert (asked.page_name, asked.page_script_hash) == ("", "0123")


def test_what_coloured_boxes_say_is_kept_in_their_order():
    visitor = Visitor(Socket(), {})
    for body in ("first", "second"):
        message = ForwardMsg()
        message.delta.new_element.alert.body = body
        visitor._take(message.SerializeToString())
    assert visitor.said == ["first", "second"]


class Upload:
    """A server for one file, and the socket of a page on it.

    Attributes:
        answer: What it says of the file: 413 at once, or 204 when it has it.
        content: What came as the file.
        drawn: What the page was asked for afterwards.
    """

    def __init__(self, answer: int) -> None:
        self.answer, self.content, self.drawn = answer, b"", []
        self.visitor = Visitor(self, {})
        self.visitor.widgets["field"] = "$$ID-0-field"

    async def bring(self, data: bytes) -> int:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.remote_address = server.sockets[0].getsockname()
            return await self.visitor.upload("field", "ours.zip", data)

    async def send(self, data: bytes) -> None:
        said, answer = BackMsg.FromString(data), ForwardMsg()
        if said.WhichOneof("type") == "file_urls_request":
            answer.file_urls_response.response_id = said.file_urls_request.request_id
            answer.file_urls_response.file_urls.add(file_id="7", upload_url="/upload/7")
            self.visitor._take(answer.SerializeToString())
        else:
            self.drawn.append(said.rerun_script)
            self.visitor._take(ended())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if head.startswith("GET"):
            writer.write(b"HTTP/1.1 200 OK\r\nset-cookie: _streamlit_xsrf=2|a|b|3; Path=/\r\n\r\n")
        elif self.answer == 204:
            assert head.startswith("PUT /upload/7 ")
            assert "X-Xsrftoken: 2|a|b|3\r\n" in head
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            length = int(head.partition("Content-Length: ")[2].partition("\r\n")[0])
            form = await reader.readexactly(length)
            self.content = form.partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        else:
            writer.write(b"HTTP/1.1 413 Too Large\r\n\r\n")
        writer.close()


def test_a_file_is_sent_whole_and_the_page_is_told_of_it():
    upload, data = Upload(204), bytes(range(256)) * (CHUNK_BYTES // 256) + b"end"
    assert asyncio.run(upload.bring(data)) == 204
    assert upload.content == data
    (state,) = upload.drawn[0].widget_states.widgets
    (file,) = state.file_uploader_state_value.uploaded_file_info
    assert (state.id, file.file_id, file.name, file.size) == ("$$ID-0-field", "7", "ours.zip", len(data))


def test_a_page_is_not_told_of_a_file_that_was_refused():
    upload = Upload(413)
    assert asyncio.run(upload.bring(b"much")) == 413
    assert upload.drawn == []
