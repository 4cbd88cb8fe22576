# SPDX-License-Identifier: GPL-2.0
#
# Lines of kcoro_mix (POLICY CLASS RUNS MEAN-NS WORST-NS) to a table: how long
# tasks of each class waited under each policy.

NF == 5 {
	if (!($1 in seen))
		policies[++nr] = $1
	seen[$1] = 1
	mean[$1, $2] = $4 / 1000
	worst[$1, $2] = $5 / 1000
}

function cell(policy, class) {
	if ((policy, class) in mean)
		return sprintf("%8d %8d", mean[policy, class], worst[policy, class])
	missing = 1
	return sprintf("%17s", "no figure")
}

END {
	printf "\nkernel %s, 1 CPU, one VM run, waits in us\n\n", kernel
	printf "%-10s  %17s  %17s  %17s\n", "", "pings", "jobs", "burners"
	printf "%-10s  %8s %8s  %8s %8s  %8s %8s\n", "policy", "mean", "worst", "mean", "worst", "mean", "worst"
	for (i = 1; i <= nr; i++)
		printf "%-10s  %s  %s  %s\n", policies[i],
		       cell(policies[i], "pings"), cell(policies[i], "jobs"),
		       cell(policies[i], "burners")
	if (missing || !nr)
		print "\nsome have no figure: the run was cut short"
	exit missing || !nr
}
