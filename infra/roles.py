"""Give somebody roles: the way to the first operator of a deployment, and to every other one.

    make roles OPENID=demo-member-1 ROLES="operator auditor"          # on the local cloud of `make run`
    PYTHONPATH=layers/puhui/python:. python -m infra.roles OPENID operator --stack puhui      # on AWS
    make roles OPENID=demo-member-2 ROLES="verifier@carbon-88 authority_city@CN-GD-SZ"        # in one programme, in one region

It invokes the function `<stack>-assign-roles`, which no address of the API reaches: on AWS the caller needs
lambda:InvokeFunction on it. The roles given replace those that the person has. They count from the next token on.
"""

import json
import re
import sys
import urllib.request
from argparse import ArgumentParser, Namespace, RawDescriptionHelpFormatter
from typing import Any, NoReturn

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.build import contract
from infra.local import emulator
from infra.local.settings import STACK, Settings
from puhui.kernel import regions
from puhui.kernel.scopes import SEPARATOR, role_of

MEMBER = "member"
_PLACE = re.compile(rf"\w+{SEPARATOR}([a-z0-9][a-z0-9-]*$|{regions.PATTERN[1:]})")


class CannotAssign(Exception):
    """The roles were not given; the message says why and what to do."""


def known_roles() -> list[str]:
    """The roles that the contract's operations ask for."""
    return sorted({role for operation in contract.operations() for role in operation.roles})


def assign(functions: Any, stack: str, person: dict[str, Any]) -> dict[str, Any]:
    """The member as it is now. ``functions``: a boto3 client of Lambda. Raises CannotAssign."""
    name = f"{stack}-assign-roles"
    try:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(person).encode())
    except NoCredentialsError:
        raise CannotAssign("No AWS credentials: run `aws configure` or `aws sso login` first.") from None
    except ClientError as error:
        code = error.response["Error"]["Code"]
        region = functions.meta.region_name
        if code == "ResourceNotFoundException":
            raise CannotAssign(
                f"No function {name} in {region}: name the stack with --stack and the region with --region."
            ) from None
        raise CannotAssign(f"AWS refused to invoke {name} in {region}: {error}") from None
    except BotoCoreError as error:
        raise CannotAssign(f"AWS was not reached: {error}") from None
    member: dict[str, Any] = json.loads(answer["Payload"].read() or b"{}") or {}
    if "FunctionError" in answer:
        log = f"/aws/lambda/{name}"
        raise CannotAssign(f"{name} failed: {member.get('errorMessage')}. Its log group is {log}.")
    return member


def _functions(options: Namespace) -> Any:
    if options.local is None:
        create: Any = boto3.client
        try:
            return create("lambda", region_name=options.region)
        except NoRegionError:
            raise CannotAssign("No AWS region: name it with --region or AWS_DEFAULT_REGION.") from None
    url = options.local or Settings.from_environment().url
    try:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(f"{url}/health", timeout=5) as answer:
            return emulator.client(json.load(answer)["emulator"], "lambda")
    except (OSError, ValueError, KeyError):
        raise CannotAssign(f"No local cloud answers at {url}: start it with `make run`.") from None


class _Parser(ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{message}. See: python -m infra.roles --help\n")


def _options(arguments: list[str]) -> Namespace:
    roles = known_roles()
    parser = _Parser(
        "python -m infra.roles", description=__doc__, formatter_class=RawDescriptionHelpFormatter
    )
    parser.add_argument("openid", help="the person's openid of this mini-program; a new one becomes a member")
    parser.add_argument("roles", nargs="*", metavar="role", help=f"{', '.join(roles)}; none: takes all away")
    parser.add_argument("--stack", default=STACK, help=f"the root stack's name ({STACK})")
    parser.add_argument("--region", help="the AWS region; else the one that the AWS tools are set to")
    parser.add_argument("--local", nargs="?", const="", metavar="URL", help="the local cloud of `make run`")
    options = parser.parse_args(arguments)
    if unknown := sorted({role_of(role) for role in options.roles} - {*roles, MEMBER}):
        parser.error(f"unknown role: {', '.join(unknown)}; the roles are {', '.join(roles)}")
    if unbound := sorted(role for role in options.roles if SEPARATOR in role and not _PLACE.match(role)):
        parser.error(f"{', '.join(unbound)}: a role is bound to a programme (carbon-88) or a region (CN-GD)")
    if not options.openid.strip():
        parser.error("the openid is empty: give OPENID=...")
    return options


def main(arguments: list[str]) -> int:
    """Give the roles; the exit status: 0 done, 1 not done, 2 the call is wrong."""
    options = _options(arguments)
    roles = [MEMBER, *(role for role in dict.fromkeys(options.roles) if role != MEMBER)]
    person = {"openid": options.openid, "roles": roles}
    try:
        member = assign(_functions(options), options.stack, person)
    except CannotAssign as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"Member {member['id']} has the roles: {', '.join(member['roles'])}. They count from the next token on."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
