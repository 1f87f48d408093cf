"""What can go wrong around exports, erasure and imports."""

from typing import Any

from puhui.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound


class SignInAgain(Forbidden):
    """``minutes``: how fresh the sign-in has to be."""

    code = "SIGN_IN_AGAIN"
    zh = "为了您的安全，请先用 wx.login 重新登录，并在 {minutes} 分钟内再试（刷新令牌不算登录）。"
    en = "For your safety, sign in with wx.login first, and try again within {minutes} minutes. Refreshing a token is no sign-in."


class ExportNotFound(NotFound):
    code = "EXPORT_NOT_FOUND"
    zh = "没有这个导出。"
    en = "There is no such export."


class ExportRunning(Conflict):
    code = "EXPORT_RUNNING"
    zh = "上一次导出还在进行，请等它完成。"
    en = "An export is being put together already. Wait until it is ready."


class ExportNotReady(Conflict):
    """``status``: of the export."""

    code = "EXPORT_NOT_READY"
    zh = "导出还没有准备好（{status}），请稍后再试。"
    en = "The export is not ready ({status}). Try again later."


class ExportFetched(Conflict):
    code = "EXPORT_FETCHED"
    zh = "这个导出的下载地址已经给过一次；需要时请重新导出。"
    en = "The address of this export was given once. Ask for a new export if you need it again."


class ExportOver(Conflict):
    code = "EXPORT_OVER"
    zh = "这个导出已过期或没有成功，请重新导出。"
    en = "This export has expired, or failed. Ask for a new one."


class RunningFree(DomainError):
    """The condition that no other export of the member is being put together."""

    def found(self, item: dict[str, Any] | None) -> DomainError:  # noqa: ARG002 whatever it is
        return ExportRunning()


class ErasureNotFound(NotFound):
    code = "ERASURE_NOT_FOUND"
    zh = "没有注销申请。"
    en = "No erasure was asked for."


class ErasureBegun(Conflict):
    code = "ERASURE_BEGUN"
    zh = "注销已经开始，不能再撤回。"
    en = "The erasure has begun and cannot be withdrawn any more."


class ImportNotFound(NotFound):
    code = "IMPORT_NOT_FOUND"
    zh = "没有这份迁入的历史。"
    en = "There is no such history."


class ImportRefused(Invalid):
    """``why``: what does not hold, of which file."""

    code = "IMPORT_REFUSED"
    zh = "导出文件没有通过核验：{why}"
    en = "The export does not hold: {why}"


class ImportedBefore(Conflict):
    code = "IMPORTED_BEFORE"
    zh = "这个来源账户的记录已经导入过一次，不能再导入。"
    en = "The history of this source account was imported before; it is imported once."
