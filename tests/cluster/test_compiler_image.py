"""The image with a compiler is made once for a base image."""

from tests.cluster import compiler_image

BASE = "localhost/pointsman/python:bookworm-12345678"


class Builder:
    """Stands in for buildah: remembers what it was asked, and which images there are."""

    def __init__(self, *images: str) -> None:
        self.images = [*images]
        self.asked: list[str] = []

    def __call__(self, *words: str) -> str:
        self.asked.append(words[0])
        if words[0] == "images":
            wanted = words[-1].removeprefix("reference=")
            return "abc\n" if wanted in self.images else ""
        if words[0] == "commit":
            self.images.append(words[-1])
        return "container\n"


def test_it_is_made_once_for_a_base_image_and_leaves_no_container() -> None:
    builder = Builder(BASE)
    name = compiler_image.provide(builder, BASE)
    assert name != BASE
    assert name in builder.images
    assert builder.asked == ["images", "from", "run", "commit", "rm"]
    assert compiler_image.provide(builder, BASE) == name
    assert builder.asked[5:] == ["images"]
