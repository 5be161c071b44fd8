"""`python -m faultline.cli`: the same command where no script is on PATH."""

from faultline.cli.main import main

if __name__ == "__main__":
    main()
