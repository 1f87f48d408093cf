"""What the control side accepts, and how it says what it does not."""

from typing import Any, TypeVar, overload

from infra.local.wechat.state import Known, User

Kind = TypeVar("Kind")


class Wrong(Exception):
    """A request of the control side that cannot be done; ``text`` says what to do instead."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.text, self.status = text, status


@overload
def member(given: dict[str, Any], name: str, kind: type[Kind]) -> Kind: ...
@overload
def member(given: dict[str, Any], name: str, kind: type[Kind], default: Kind) -> Kind: ...
def member(given: dict[str, Any], name: str, kind: type[Kind], default: Kind | None = None) -> Kind:
    """The member ``name`` of the body. Raises Wrong when it is of another type, or missing without a
    default."""
    value = given.get(name, default)
    if type(value) is not kind:
        raise Wrong(f"{name} 应为 {kind.__name__}。Give {name} as {kind.__name__}.")
    return value


def user_of(known: Known, given: dict[str, Any]) -> User:
    """The user that the body's openid names. Raises Wrong (404)."""
    openid = member(given, "openid", str)
    if (user := known.users.get(openid)) is None:
        hint = "请先 POST /_standin/users，或使用 demo-member-1 等演示用户。"
        raise Wrong(f"没有用户 {openid}。{hint} No such user: POST /_standin/users first.", 404)
    return user
