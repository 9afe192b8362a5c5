module dlaasgen.example/e2e/trainer

go 1.26.0

// Only its custom resource definitions are used: a TrainJob is checked by the API server, and no controller runs it.
require github.com/kubeflow/trainer/v2 v2.2.0
