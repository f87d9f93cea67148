# Completion of reconciler in bash. `reconciler` answers with one candidate a line. No candidate is evaluated.
_reconciler_completion() {
    local does line
    COMPREPLY=()
    {
        IFS= read -r does
        while IFS= read -r line; do
            COMPREPLY+=("$line")
        done
    } < <(_RECONCILER_COMPLETE=bash COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" \
        COMP_WORDBREAKS="$COMP_WORDBREAKS" "${1/#\~/$HOME}" 2>/dev/null)
    case " $does " in *" nospace "*) compopt -o nospace 2>/dev/null ;; esac
    if [ "${#COMPREPLY[@]}" -eq 0 ]; then
        case " $does " in
            *" files "*) compopt -o default 2>/dev/null ;;
            *" folders "*) compopt -o dirnames 2>/dev/null ;;
        esac
    fi
    return 0
}

complete -F _reconciler_completion reconciler
