"""The demo people of the API's page: fixed openids, there from the start."""

DEMO_OPENIDS = (
    *(f"demo-member-{number}" for number in range(1, 21)),
    "demo-operator",
    "demo-verifier",
    "demo-authority-province",
    "demo-authority-city",
    "demo-authority-city-2",
    "demo-merchant",
    "demo-org-admin",
    "demo-ngo",
    "demo-auditor",
)
DEMO_ACCEPTS = (
    1000  # subscription messages each of them accepts of each template, so that a demo need not ask
)
