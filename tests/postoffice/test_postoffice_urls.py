"""How a post office is named."""

import pytest

from cipherpost.errors import UseError
from cipherpost.postoffice import PostOfficeUrlError, _folder_of, describe, names, open_post_office
from cipherpost.postoffice.folders import extended


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("/srv/post", "/srv/post"),
        ("./post", "./post"),
        ("post office", "post office"),
        ("a:b", "a:b"),
        ("file:///srv/post", "/srv/post"),
        ("FILE:///srv/post%20office", "/srv/post office"),
        ("file://localhost/srv/post", "/srv/post"),
        ("file:/srv/post", "/srv/post"),
        ("file:///srv/%D0%BF", "/srv/п"),
    ],
)
def test_folders_here(url: str, folder: str) -> None:
    assert _folder_of(url, windows=False) == folder


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("C:\\post", "C:\\post"),
        ("e:/post", "e:/post"),
        ("\\\\server\\share\\post", "\\\\server\\share\\post"),
        ("file:///C:/post%20office", "C:/post office"),
        ("file:///c:", "c:"),
        ("file://server/share/post", "\\\\server\\share\\post"),
        (".\\post", ".\\post"),
    ],
)
def test_folders_on_windows(url: str, folder: str) -> None:
    assert _folder_of(url, windows=True) == folder


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a\0b",
        "file:",
        "file:post",
        "file://",
        "file:///",
        "file://server",
        "file://server/share",
        "file:///srv%00/post",
        "C:\\post",
        "\\\\server\\share",
        "http://example.org/post",
        "ftp://example.org/post",
        "s3://bucket/prefix",
        "s3:bucket",
    ],
)
def test_other_addresses_are_refused_with_a_reason(url: str) -> None:
    with pytest.raises(PostOfficeUrlError) as caught:
        _folder_of(url, windows=False)
    assert isinstance(caught.value, UseError)
    assert caught.value.rule or caught.value.hints


def test_buckets_are_for_another_version() -> None:
    with pytest.raises(PostOfficeUrlError, match="this version carries directories only"):
        open_post_office("s3://bucket/prefix")


def test_a_post_office_is_opened_by_its_address(tmp_path: object) -> None:
    post = open_post_office(f"file://{tmp_path}")
    assert post.url == str(tmp_path)
    name = names.note_name("rkpb", "center/all", 1)
    assert post.create(name, b"one")
    assert open_post_office(str(tmp_path)).get(name, 10) == b"one"
    assert describe(post) == f"the post office '{tmp_path}'"


@pytest.mark.parametrize(
    ("path", "long"),
    [
        ("C:\\post", "\\\\?\\C:\\post"),
        ("\\\\server\\share", "\\\\?\\UNC\\server\\share"),
        ("\\\\?\\C:\\post", "\\\\?\\C:\\post"),
    ],
)
def test_long_paths_of_windows(path: str, long: str) -> None:
    assert extended(path) == long
