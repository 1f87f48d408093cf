"""A partner's address is https on the public internet; the loopback is for the local cloud."""

import pytest

from puhui.partners.errors import PartnerInvalid
from puhui.partners.model import is_open, require_url

PUBLIC = ["8.8.8.8", "223.5.5.5", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "240.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fec0::1",
    "feff::1",
    "fd00:ec2::254",
    "ff02::1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:a00:1::",
    "2002:7f00:1::1",
    "2001:db8::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo of 10.0.0.1
    "not an address",
    "",
]
LOOPBACK = ["127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]


@pytest.mark.parametrize("address", PUBLIC)
def test_the_public_internet_is_open(address: str):
    assert is_open(address, "production")


@pytest.mark.parametrize("stage", ["production", "local", "test", ""])
@pytest.mark.parametrize("address", PRIVATE)
def test_private_places_are_closed_at_every_stage(address: str, stage: str):
    assert not is_open(address, stage)


@pytest.mark.parametrize("address", LOOPBACK)
def test_the_loopback_is_open_on_this_machine_only(address: str):
    assert is_open(address, "local")
    assert is_open(address, "test")
    assert not is_open(address, "production")
    assert not is_open(address, "")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://cinema.example", "https://cinema.example"),
        ("https://cinema.example:8443/puhui/v2/", "https://cinema.example:8443/puhui/v2"),
        ("https://8.8.8.8/orders", "https://8.8.8.8/orders"),
        ("https://[2400:3200::1]/x", "https://[2400:3200::1]/x"),
    ],
)
def test_an_address_that_is_good(url: str, kept: str):
    assert require_url(url, "production") == kept


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/_partner/x", "http://localhost:8080", "http://[::1]:80"]
)
def test_plain_http_is_for_the_loopback_of_this_machine(url: str):
    assert require_url(url, "local") == url
    with pytest.raises(PartnerInvalid):
        require_url(url, "production")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "cinema.example",
        "http://cinema.example",
        "ftp://cinema.example",
        "file:///etc/passwd",
        "https://",
        "https:///orders",
        "https://user:password@cinema.example",
        "https://cinema.example@10.0.0.1",
        "https://cinema.example?to=x",
        "https://cinema.example/#x",
        "https://cinema.example:0",
        "https://cinema.example:99999",
        "https://cinema.example:x",
        "https://[::1",
        "https://10.0.0.1",
        "https://169.254.169.254/latest",
        "https://[fd00::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://cinema.example\\@10.0.0.1",
        "https://cinema.example/\n",
        "https://cinema.example/a b",
        "https://影院.example",
        "https://cinema.example/" + "x" * 1000,
    ],
)
def test_an_address_that_is_not(url: str):
    for stage in ("production", "local"):
        with pytest.raises(PartnerInvalid):
            require_url(url, stage)


@pytest.mark.parametrize("url", ["https://127.0.0.1", "https://localhost/x", "https://[::1]/"])
def test_the_loopback_is_no_partner_in_production(url: str):
    with pytest.raises(PartnerInvalid):
        require_url(url, "production")
