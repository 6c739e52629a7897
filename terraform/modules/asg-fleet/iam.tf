locals {
  # The least that the providers ask for, statement by statement: terraform/policies/README.md.
  policies = {
    for name in ["ecs", "ec2"] : name => jsondecode(file("${path.module}/../../policies/${name}.json"))
  }
  needed = toset(concat(
    local.ecs_statements,
    var.discovery.ec2 == null ? [] : ["ReadMachines"],
    try(var.discovery.ec2.lifecycle_hooks, false) ? ["ReadLifeCycles"] : [],
  ))
  ecs_statements = var.discovery.ecs == null ? [] : concat(
    ["ReadTasks"],
    var.discovery.ecs.hosts ? ["ReadHosts"] : [],
    var.discovery.ecs.all_clusters ? ["FindClusters"] : [],
    var.discovery.ecs.service_tags ? ["ReadServiceTags"] : [],
  )

  own_statements = {
    CompleteLifeCycleHooks = {
      actions = ["autoscaling:CompleteLifecycleAction"]
      arns    = ["${local.arns}:autoscaling:${local.region}:${local.account}:autoScalingGroup:*:autoScalingGroupName/${var.name}"]
    }
    ReadSecrets = {
      actions = ["secretsmanager:GetSecretValue"]
      arns    = values(local.secrets)
    }
  }

  machine_policy = {
    Version = "2012-10-17"
    Statement = concat(
      [for statement in concat(local.policies.ecs.Statement, local.policies.ec2.Statement) : statement if contains(local.needed, statement.Sid)],
      [for sid, allowed in local.own_statements : { Sid = sid, Effect = "Allow", Action = allowed.actions, Resource = allowed.arns } if length(allowed.arns) > 0],
    )
  }
}

resource "aws_iam_role" "this" {
  name_prefix          = "${var.name}-"
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }
    ]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "tidegate"
  role   = aws_iam_role.this.id
  policy = jsonencode(local.machine_policy)
}

resource "aws_iam_role_policy_attachment" "session_manager" {
  for_each = var.session_manager ? { this = "AmazonSSMManagedInstanceCore" } : {}

  role       = aws_iam_role.this.name
  policy_arn = "${local.arns}:iam::aws:policy/${each.value}"
}

resource "aws_iam_instance_profile" "this" {
  name_prefix = "${var.name}-"
  role        = aws_iam_role.this.name
  tags        = var.tags
}
