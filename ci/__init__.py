# SPDX-License-Identifier: Apache-2.0
"""Everything that fetches, builds or runs a machine to test on."""
