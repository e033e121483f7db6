"""`python -m farkas_sidecar NAME` hosts one solver for the parent at descriptor 0."""

import sys

from .adapters import ADAPTERS, make
from .host import serve


def main() -> int:
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in ADAPTERS:
        print(f"farkas_sidecar hosts one of: {', '.join(ADAPTERS)}; not '{name}'", file=sys.stderr)
        return 64
    return serve(make(name))


if __name__ == "__main__":
    sys.exit(main())
