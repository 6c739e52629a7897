#!/bin/bash
# Completes the life-cycle hooks of this machine: `launching` once Tidegate serves, and, when the group takes the
# machine out, `terminating` once Tidegate has finished what it had. Needs GROUP and REGION.
set -euo pipefail

imds=${IMDS:-http://169.254.169.254}
pause=${PAUSE:-5}

metadata() {
  local token
  token=$(curl --fail --silent -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/latest/api/token") &&
    curl --fail --silent -H "X-aws-ec2-metadata-token: $token" "$imds/latest/meta-data/$1"
}

complete() {
  aws autoscaling complete-lifecycle-action --region "$REGION" --auto-scaling-group-name "$GROUP" \
    --instance-id "$id" --lifecycle-hook-name "$1" --lifecycle-action-result CONTINUE
}

id=$(metadata instance-id)
until tidegate healthcheck --configFile=/etc/tidegate/tidegate.yml; do sleep "$pause"; done
# After a restart of the machine nobody waits for this any more.
complete launching || true

until [ "$(metadata autoscaling/target-lifecycle-state || true)" = Terminated ]; do sleep "$pause"; done
systemctl stop tidegate.socket tidegate.service
complete terminating
