# SPDX-License-Identifier: Apache-2.0
PS1='agency# '
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# No control sequences around the prompt (bash only).
bind 'set enable-bracketed-paste off' 2>/dev/null
for word in $(cat /proc/cmdline); do
	case "$word" in
	agency.rows=*) stty rows "${word#*=}" ;;
	agency.columns=*) stty columns "${word#*=}" ;;
	esac
done
