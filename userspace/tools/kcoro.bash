# SPDX-License-Identifier: MIT
# Completion of kcoro for bash.

_kcoro()
{
	local cur=${COMP_WORDS[COMP_CWORD]} word i command=""
	local commands="run spawn ps top kill leaks set cpus policy chan bodies info
		test help"
	local columns="id name body state wait age time switches waits
		wakes steals handovers hogs priority pin flags stack used mem
		cpu ctx parent pid uid comm"
	local sorts="id name state cpu pri cpu% time switches waits wakes age
		steals hogs comm"

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word != -* ]]; then
			command=$word
			break
		fi
	done
	case $command in
	"") word="$commands --json --version --help" ;;
	run) word="--capacity --stack --deadline --priority --cpu
		--own-thread --verbose --check --json" ;;
	spawn)
		word="--name --stack --count --deadline --fd --wait --priority
			--cpu --own-thread --json"
		if [[ $cur != -* ]]; then
			word=$(kcoro bodies 2>/dev/null |
				while read -r body _; do
					[[ $body == BODY ]] || echo "$body"
				done)
		fi
		;;
	ps)
		word="--all --mine --sort --columns --no-header --limit
			--summary --json"
		case ${COMP_WORDS[COMP_CWORD - 1]} in
		-s | --sort | -o | --columns) word=$columns ;;
		esac
		;;
	top)
		word="--all --delay --count --sort --reverse --batch"
		case ${COMP_WORDS[COMP_CWORD - 1]} in
		-s | --sort) word=$sorts ;;
		esac
		;;
	set)
		word="--priority --cpu --json"
		if [[ ${COMP_WORDS[COMP_CWORD - 1]} == --cpu ]]; then
			word=any
		elif [[ $cur != -* ]]; then
			word=$(kcoro ps -H -o id 2>/dev/null)
		fi
		;;
	policy)
		word="--json"
		if [[ $cur != -* ]]; then
			word=$(kcoro policy 2>/dev/null | tr -d '[]')
		fi
		;;
	kill)
		word="--all --once --contexts --json"
		if [[ $cur != -* ]]; then
			word=$(kcoro ps -H -o id 2>/dev/null)
		fi
		;;
	leaks) word="--all --end --json" ;;
	chan) word="list info bench --json" ;;
	help) word=$commands ;;
	*) word="--json --help" ;;
	esac
	# shellcheck disable=SC2207 # these words have no blanks
	COMPREPLY=($(compgen -W "$word" -- "$cur"))
}

complete -F _kcoro kcoro
