#!/bin/sh
# Run the iris sample and show what graftline knows of it afterwards; then bring a model from nothing into production.
# `make demo` runs this in the environment.
#
# The store is .graft-demo beside this checkout, not the person's own, and it stays: the reader can look around in it.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
cd "$root"
GRAFTLINE_HOME=$root/.graft-demo
export GRAFTLINE_HOME

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

show graft graph samples/iris/pipeline.py
show graft run samples/iris/pipeline.py
cd samples/iris # `@last` is the last run of this project
show graft show @last
show graft output @last accuracy
show graft logs @last model_fit

# The seven commands of samples/tabular, outside the checkout: what is in a repository is released from commits alone.
models=$(mktemp -d)
trap 'rm -rf "$models"' EXIT
cd "$models"
GRAFTLINE_HOME=$models/store
show graft init screening --template tabular
cd screening
show graft release -m first
show graft train screening --upper 400
show graft alias set screening champion
show graft tune screening
show graft alias set screening/0.1.0/2 champion
show graft apply screening -o scores.csv
show graft list screening 0.1.0
GRAFTLINE_HOME=$root/.graft-demo

cat <<END

The picture that the last step made: samples/iris/iris_logistic.png

Where to look next
  . .venv/bin/activate && export GRAFTLINE_HOME=$GRAFTLINE_HOME && cd samples/iris
  graft run -p C=0.1             the same with another parameter
  graft ls                       every run in the store
  graft graph -o iris.svg        the graph as a picture
  graft --json show @last        all of a run, for programs
  samples/tabular/README.md      how the model goes on: a second version, a refused gate, a rollback
  samples/README.md              the other samples; README.md: ten lines of your own
END
