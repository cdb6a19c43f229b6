"""The program is there as a module, too."""

import subprocess
import sys


def test_the_package_is_a_program():
    said = subprocess.run([sys.executable, "-m", "likely", "--help"], capture_output=True, text=True, check=True)
    assert "fit" in said.stdout
