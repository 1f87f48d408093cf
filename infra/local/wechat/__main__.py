"""python -m infra.local.wechat --port 8090: the stand-in alone."""

import argparse
import os
from pathlib import Path

import uvicorn

from infra.local.wechat.app import create_app
from infra.local.wechat.config import APP_ID, APP_SECRET, Config, PushSettings


def main() -> None:
    """Serve until interrupted."""
    options = argparse.ArgumentParser(prog="python -m infra.local.wechat", description=__doc__)
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--app-id", default=os.environ.get("WECHAT_APP_ID", APP_ID))
    options.add_argument("--state", type=Path, help="keep users and session keys in this file")
    options.add_argument("--push-url", default="", help="where message pushes go")
    given = options.parse_args()
    config = Config(
        app_id=given.app_id,
        app_secret=os.environ.get("WECHAT_APP_SECRET", APP_SECRET),
        push=PushSettings(url=given.push_url),
        state_file=given.state,
    )
    print(f"微信替身 WeChat stand-in: http://{given.host}:{given.port}  app id {given.app_id}")
    uvicorn.run(create_app(config), host=given.host, port=given.port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
