"""Every way to fail, on one screen.

TransferLabError
├── InputError            what a person gave cannot be used; the command line exits with 2
│   ├── UnknownIdError    no dataset, backbone or run has this id
│   ├── SpecError         a field of a run's spec is outside what is allowed
│   ├── ImageError        a file is not a picture that we accept
│   ├── ArchiveError      a file is not an archive that we accept
│   └── BundleError       a file is not a trained network that was downloaded here
├── UnavailableError      needs something that is not on this machine and could not be fetched
├── TrainingError         a training that cannot go on (loss became NaN, out of memory)
├── StoreError            the data folder cannot be read or written
└── WorkerError           the worker process ended or did not answer

An error carries a code and plain values, no sentence: the sentence in the reader's language is in assets/copy under
[errors], and `tl_core.phrases.explain` puts the two together.
"""


class TransferLabError(Exception):
    """Base of all errors that this project raises on purpose.

    Args:
        code: Key of the sentence in the [errors] table of the copy files.
        **values: Plain values (str, int, float, list of these) that the sentence names.
    """

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(code, values)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.code}({inside})"

    def __reduce__(self):
        return (_rebuild, (type(self), self.code, self.values))

    def to_dict(self) -> dict:
        """Returns the error as plain data, to be stored or sent through a pipe: {"code", "values"}."""
        return {"code": self.code, "values": dict(self.values)}


def _rebuild(kind: type[TransferLabError], code: str, values: dict) -> TransferLabError:
    return kind(code, **values)


class InputError(TransferLabError):
    """What a person gave cannot be used."""


class UnknownIdError(InputError):
    """No dataset, backbone or run has this id."""


class SpecError(InputError):
    """A field of a run's spec is outside what is allowed."""


class ImageError(InputError):
    """A file is not a picture that we accept. Always has the value `file`."""


class ArchiveError(InputError):
    """A file is not an archive that we accept, or one of its members cannot be read. Always has the value `file`."""


class BundleError(InputError):
    """A file is not a trained network that was downloaded here. Always has the value `file`."""


class UnavailableError(TransferLabError):
    """Needs something that is not on this machine and could not be fetched."""


class TrainingError(TransferLabError):
    """A training that cannot go on."""


class StoreError(TransferLabError):
    """The data folder cannot be read or written."""


class WorkerError(TransferLabError):
    """The worker process ended or did not answer."""
