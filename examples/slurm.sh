#!/bin/bash
# sbatch examples/slurm.sh: a path by 32 ranks. A minute before its time is over Slurm warns by SIGUSR1: the run file keeps all fits that
# are done. Submitted again, the job goes on. `srun ridgewalk cv` and `srun ridgewalk search` are spread alike; for one large table add
# --split rows to both lines (docs/ranks.md).
#SBATCH --job-name=ridgewalk
#SBATCH --ntasks=32
#SBATCH --cpus-per-task=1
#SBATCH --time=08:00:00
#SBATCH --signal=USR1@60
if [[ -e data.rwk ]]; then
  srun ridgewalk path --resume data.rwk --quiet
else
  srun ridgewalk path data.csv --target y --hidden 16 --starts 64 --out data.rwk --quiet
fi
