"""DELETE /merchants/{merchant_id}/staff/{member_id}: remove somebody from a staff, or oneself."""

from puhui.edge.http import Answer, HttpFunction, Request
from puhui.merchants.repositories import Merchants
from puhui.merchants.staff import usecases as staff

app = HttpFunction("remove-staff")
MERCHANTS = Merchants.from_environment()


@app.operation("remove_staff", "DELETE", "/merchants/{merchant_id}/staff/{member_id}")
def remove_staff(request: Request) -> Answer:
    path = request.path
    staff.remove(
        path["merchant_id"], request.member_id, path["member_id"], merchants=MERCHANTS, now=request.now
    )
    return 204, None
