locals {
  # The least that the provider `ecs` asks for, statement by statement: terraform/policies/README.md.
  policy = jsondecode(file("${path.module}/../../policies/ecs.json"))
  needed = toset(concat(
    ["ReadTasks"],
    var.discovery.hosts ? ["ReadHosts"] : [],
    var.discovery.all_clusters ? ["FindClusters"] : [],
    var.discovery.service_tags ? ["ReadServiceTags"] : [],
  ))

  # What can be bound to clusters, is.
  bindable = toset(["ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeContainerInstances", "ecs:DescribeServices"])
  bound    = var.discovery.all_clusters ? toset([]) : local.bindable
  clusters = [for name in var.discovery.clusters : "${local.arns}:ecs:${local.region}:${local.account}:cluster/${name}"]

  statements = [for statement in local.policy.Statement : statement if contains(local.needed, statement.Sid)]

  bound_statements = [
    for statement in local.statements : {
      Sid       = "${statement.Sid}OfClusters"
      Effect    = "Allow"
      Action    = tolist(setintersection(statement.Action, local.bound))
      Resource  = "*"
      Condition = { ArnEquals = { "ecs:cluster" = local.clusters } }
    }
  ]

  free_statements = [
    for statement in local.statements : {
      Sid      = statement.Sid
      Effect   = "Allow"
      Action   = tolist(setsubtract(statement.Action, local.bound))
      Resource = "*"
    }
  ]

  task_policy = {
    Version = local.policy.Version
    Statement = concat(
      [for statement in local.bound_statements : statement if length(statement.Action) > 0],
      [for statement in local.free_statements : statement if length(statement.Action) > 0],
    )
  }

  tasks_may_assume = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      }
    ]
  })

  starting = {
    WriteLogs  = { actions = ["logs:CreateLogStream", "logs:PutLogEvents"], arns = ["${local.arns}:logs:${local.region}:${local.account}:log-group:${aws_cloudwatch_log_group.this.name}:*"] }
    EnterEcr   = { actions = ["ecr:GetAuthorizationToken"], arns = length(var.repository_arns) > 0 ? ["*"] : [] }
    PullImages = { actions = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], arns = var.repository_arns }
    ReadSecrets = {
      actions = ["secretsmanager:GetSecretValue"]
      arns    = [for arn in values(var.secrets) : arn if can(regex("^arn:[^:]+:secretsmanager:", arn))]
    }
    ReadParameters = {
      actions = ["ssm:GetParameters"]
      arns    = [for arn in values(var.secrets) : arn if can(regex("^arn:[^:]+:ssm:", arn))]
    }
  }

  execution_policy = {
    Version = "2012-10-17"
    Statement = [
      for sid, allowed in local.starting : { Sid = sid, Effect = "Allow", Action = allowed.actions, Resource = allowed.arns }
      if length(allowed.arns) > 0
    ]
  }
}

# What Tidegate itself may do: read, and nothing else.
resource "aws_iam_role" "task" {
  name_prefix          = "${var.name}-task-"
  assume_role_policy   = local.tasks_may_assume
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "task" {
  name   = "discovery"
  role   = aws_iam_role.task.id
  policy = jsonencode(local.task_policy)
}

# What ECS may do to start it.
resource "aws_iam_role" "execution" {
  name_prefix          = "${var.name}-start-"
  assume_role_policy   = local.tasks_may_assume
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.id
  policy = jsonencode(local.execution_policy)
}
