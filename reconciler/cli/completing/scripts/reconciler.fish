# Completion of reconciler in fish. `reconciler` answers with one candidate a line. No candidate is evaluated.
function __reconciler_complete
    set -l words (commandline -opc)
    command -q $words[1]
    or return
    set -l current (commandline -ct)
    set -l lines (_RECONCILER_COMPLETE=fish command $words[1] $words[2..-1] "$current" 2>/dev/null)
    set -l does " $lines[1] "
    for line in $lines[2..-1]
        echo -- $line
    end
    if string match -q '* files *' -- $does
        set -l option (string match -r -- '^--[^=]*=' "$current")
        for path in (__fish_complete_path (string replace -- "$option" '' "$current"))
            echo -- "$option$path"
        end
    else if string match -q '* folders *' -- $does
        __fish_complete_directories "$current"
    end
end

complete -c reconciler -f -a '(__reconciler_complete)'
