#compdef reconciler
# Completion of reconciler in zsh. `reconciler` answers with one candidate a line. No candidate is evaluated.
_reconciler() {
    local does line
    local -a lines values shown
    lines=("${(@f)$(_RECONCILER_COMPLETE=zsh ${(Q)words[1]/#\~/$HOME} "${(@Q)words[2,CURRENT-1]}" "$PREFIX" 2>/dev/null)}")
    does=" ${lines[1]} "
    for line in "${(@)lines[2,-1]}"; do
        [[ -n $line ]] || continue
        values+=("${line%%$'\t'*}")
        if [[ -n ${line#*$'\t'} ]]; then
            shown+=("${line%%$'\t'*}  -- ${line#*$'\t'}")
        else
            shown+=("${line%%$'\t'*}")
        fi
    done
    if (( ${#values} )); then
        if [[ $does == *' nospace '* ]]; then
            compadd -S '' -a values
        else
            compadd -l -d shown -a values
        fi
    fi
    case $does in *' files '*|*' folders '*) [[ $PREFIX == --*=* ]] && compset -P '*=' ;; esac
    case $does in
        *' files '*) _files ;;
        *' folders '*) _files -/ ;;
    esac
}

if [[ $funcstack[1] == _reconciler ]]; then
    _reconciler "$@"
else
    compdef _reconciler reconciler
fi
