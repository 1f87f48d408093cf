"""An oracle: wechatpy, unmodified, takes the stand-in for WeChat. It has its address built in, so a test
authority vouches for api.weixin.qq.com and connections to it end at the stand-in."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import urllib3.util.connection
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.local.wechat import ciphers
from infra.local.wechat.app import create_app
from infra.local.wechat.config import ACTIVITY_TEMPLATE
from puhui.wechat import crypto
from tests.contracts.wechat.conftest import CONFIG
from tests.support.wechat_standin import Standin, Switch, counted, serving
from tests.support.wechat_vectors import VECTORS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")
HOST = "api.weixin.qq.com"


def certificates(folder: Path) -> dict[str, str]:
    """A test authority, and a certificate of it for the platform's host."""
    now = dt.datetime.now(dt.UTC)
    authority_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    host = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])

    def begun(subject: x509.Name, key: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )

    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    root = begun(authority, authority_key).add_extension(x509.BasicConstraints(True, None), critical=True)
    leaf = (
        begun(host, host_key)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
    )
    pem = serialization.Encoding.PEM
    files = {
        "ca": root.add_extension(usage, critical=True).sign(authority_key, hashes.SHA256()).public_bytes(pem),
        "cert": leaf.sign(authority_key, hashes.SHA256()).public_bytes(pem),
        "key": host_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return {name: str(folder / name) for name in files}


class Servers(NamedTuple):
    """One application behind two ports, and the test authority's certificate."""

    switch: Switch
    tls_port: int
    port: int
    authority: str


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    files = certificates(tmp_path_factory.mktemp("authority"))
    switch = Switch()
    with (
        serving(switch, ssl_certfile=files["cert"], ssl_keyfile=files["key"]) as tls_port,
        serving(switch) as port,
    ):
        yield Servers(switch, tls_port, port, files["ca"])


@pytest.fixture
def official(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    """The stand-in as https://api.weixin.qq.com; its control side is in plain HTTP beside it."""
    connect = urllib3.util.connection.create_connection

    def redirected(address: tuple[str, int], *rest: Any, **more: Any) -> Any:
        return connect(("127.0.0.1", servers.tls_port) if address[0] == HOST else address, *rest, **more)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", redirected)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", servers.authority)
    monkeypatch.setenv("NO_PROXY", "*")
    app = create_app(CONFIG)
    servers.switch.app = counted(app)
    standin = Standin(f"http://127.0.0.1:{servers.port}", app)
    yield standin
    standin.http.close()


@pytest.fixture
def client(official: Standin) -> Iterator[Any]:
    from wechatpy import WeChatClient  # noqa: PLC0415 its import warns

    wechatpy = WeChatClient(CONFIG.app_id, CONFIG.app_secret, timeout=5)
    yield wechatpy
    wechatpy._http.close()


def test_wechatpy_signs_a_user_in(official: Standin, client: Any) -> None:
    code = official.login_code("demo-member-3")
    session = client.wxa.code_to_session(code)
    assert session["openid"] == "demo-member-3"
    # With the key it got, wechatpy reads the steps that the stand-in encrypts.
    from wechatpy.crypto import WeChatWxaCrypto  # noqa: PLC0415

    sent = official.control("werun", openid="demo-member-3")
    steps = WeChatWxaCrypto(session["session_key"], sent["iv"], CONFIG.app_id).decrypt_message(
        sent["encrypted_data"]
    )
    assert len(steps["stepInfoList"]) == 31


def test_wechatpy_is_refused_as_by_wechat(official: Standin, client: Any) -> None:
    from wechatpy.exceptions import WeChatClientException  # noqa: PLC0415

    code = official.login_code()
    client.wxa.code_to_session(code)
    for wrong, errcode in ((code, 40163), ("never-given", 40029)):
        with pytest.raises(WeChatClientException) as refusal:
            client.wxa.code_to_session(wrong)
        assert refusal.value.errcode == errcode


def test_wechatpy_renews_a_refused_token_and_sends_a_message(official: Standin, client: Any) -> None:
    client.fetch_access_token()
    official.control("token-revocations")
    notice = {"thing1": "地铁出行", "phrase2": "已通过", "time3": "2026-11-20 08:30", "thing4": "减排200克"}
    data = {name: {"value": value} for name, value in notice.items()}
    client.wxa.send_subscribe_message("demo-member-1", ACTIVITY_TEMPLATE, data)
    (message,) = official.shown("messages", openid="demo-member-1")["items"]
    assert message["data"] == notice
    assert official.asked().count("/cgi-bin/token") == 2


def test_wechatpy_checks_texts_with_the_first_version(official: Standin, client: Any) -> None:
    from wechatpy.exceptions import WeChatClientException  # noqa: PLC0415

    assert client.wxa.check_text_security("今天坐地铁")["errcode"] == 0
    with pytest.raises(WeChatClientException) as refusal:
        client.wxa.check_text_security("赌博")
    assert refusal.value.errcode == 87014


def test_wechatpy_reads_what_both_of_our_sides_encrypt() -> None:
    import base64  # noqa: PLC0415

    from wechatpy.crypto import PrpCrypto  # noqa: PLC0415
    from wechatpy.utils import check_signature  # noqa: PLC0415

    settings = CONFIG.push
    theirs = PrpCrypto(base64.b64decode(settings.aes_key + "="))
    text = '{"MsgType":"event"}'
    assert (
        theirs.decrypt(ciphers.sealed(text.encode(), settings.aes_key, CONFIG.app_id), CONFIG.app_id) == text
    )
    ours = crypto.PushCipher(settings.aes_key, CONFIG.app_id)
    assert theirs.decrypt(ours.encrypt(text.encode()), CONFIG.app_id) == text
    assert ours.decrypt(theirs.encrypt(text, CONFIG.app_id).decode()).decode() == text
    vector = VECTORS["push_plain"]
    check_signature(vector["token"], vector["signature"], vector["timestamp"], vector["nonce"])
