# How many tests a runner says that passed, failed and were skipped; sourced by scripts/test.

# counts <format> <log>: prints "passed failed skipped" as the runner's own summary has them.
counts() {
  case $1 in
    one) echo "1 0 0" ;;
    ctest)
      awk '/tests passed, .* tests failed out of/ { failed = $4; total = $9 }
           /\*\*\*Skipped/ { skipped++ }
           END { print total - failed - skipped, failed + 0, skipped + 0 }' "$2" ;;
    node)
      awk '/^(#|ℹ) pass / { passed += $3 } /^(#|ℹ) (fail|cancelled) / { failed += $3 }
           /^(#|ℹ) (skipped|todo) / { skipped += $3 }
           END { print passed + 0, failed + 0, skipped + 0 }' "$2" ;;
    pytest)
      awk '/(passed|failed|error|errors|skipped).* in [0-9.]+s/ {
             passed = failed = skipped = 0
             for (i = 2; i <= NF; i++) {
               if ($i ~ /^passed/) passed = $(i - 1)
               if ($i ~ /^(failed|errors?)/) failed += $(i - 1)
               if ($i ~ /^(skipped|xfailed)/) skipped += $(i - 1)
             }
           }
           END { print passed + 0, failed + 0, skipped + 0 }' "$2" | tr -d '=' ;;
    counts)
      awk 'match($0, /[0-9]+ passed, [0-9]+ failed/) { split(substr($0, RSTART, RLENGTH), part, " "); passed = part[1]; failed = part[3] }
           END { print passed + 0, failed + 0, 0 }' "$2" ;;
  esac
}
