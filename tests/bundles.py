"""Bundles for tests: of any objects at all, and a post office that is one whenever it is read."""

import io
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from cipherpost.postoffice import ObjectReader
from cipherpost.postoffice.bundle import BundlePost
from cipherpost.postoffice.memory import MemoryPost
from cipherpost.tar import TarWriter


def archive(objects: Mapping[str, bytes]) -> bytes:
    """An archive with these members, sorted by name."""
    sink = io.BytesIO()
    writer = TarWriter(sink)
    for name in sorted(objects):
        writer.add(name, len(objects[name]), objects[name])
    writer.close()
    return sink.getvalue()


def bundle(path: Path, objects: Mapping[str, bytes]) -> BundlePost:
    """A bundle of these objects at ``path``."""
    path.write_bytes(archive(objects))
    return BundlePost(path)


class WrittenBundle(MemoryPost):
    """Takes objects into memory, and answers every question about them from a bundle that is made of them then."""

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder / "0.bundle"))
        self._folder = folder
        self._made: dict[str, bytes] | None = None
        self._post: BundlePost | None = None
        self._count = 0

    def _bundle(self) -> BundlePost:
        with self._lock:
            if self._post is None or self._made != self.objects:
                if self._post is not None:
                    self._post.close()
                self._count += 1
                self._made = dict(self.objects)
                self._post = bundle(self._folder / f"{self._count}.bundle", self._made)
            return self._post

    def get(self, name: str, limit: int) -> bytes:
        return self._bundle().get(name, limit)

    def stream(self, name: str, offset: int = 0) -> AbstractContextManager[ObjectReader]:  # type: ignore[override]
        return self._bundle().stream(name, offset)

    def size(self, name: str) -> int | None:
        return self._bundle().size(name)

    def names(self, prefix: str, after: str = "") -> Iterator[str]:
        return self._bundle().names(prefix, after)

    def close(self) -> None:
        if self._post is not None:
            self._post.close()
