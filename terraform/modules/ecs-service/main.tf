data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_vpc" "this" {
  id = var.vpc_id
}

locals {
  # As the image has them.
  ports = {
    web  = 8080
    ping = 8081
  }

  region  = data.aws_region.current.name
  account = data.aws_caller_identity.current.account_id
  arns    = "arn:${data.aws_partition.current.partition}"

  variables = merge(
    {
      AWS_REGION                                                                 = local.region
      TIDEGATE_PROVIDERS_ECS_REGION                                              = local.region
      TIDEGATE_ENTRYPOINTS_WEB_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT     = "${var.drain.accept}s"
      TIDEGATE_ENTRYPOINTS_WEB_TRANSPORT_LIFECYCLE_GRACETIMEOUT                  = "${var.drain.finish}s"
      TIDEGATE_ENTRYPOINTS_TRAEFIK_TRANSPORT_LIFECYCLE_REQUESTACCEPTGRACETIMEOUT = "${var.drain.accept}s"
    },
    length(var.discovery.clusters) > 0 ? { TIDEGATE_PROVIDERS_ECS_CLUSTERS = join(",", var.discovery.clusters) } : {},
    var.discovery.all_clusters ? { TIDEGATE_PROVIDERS_ECS_AUTODISCOVERCLUSTERS = "true" } : {},
    var.discovery.domain != "" ? { TIDEGATE_PROVIDERS_ECS_DOMAIN = var.discovery.domain } : {},
    var.discovery.environment != "" ? { TIDEGATE_PROVIDERS_ECS_ENVIRONMENT = var.discovery.environment } : {},
    var.discovery.service_tags ? { TIDEGATE_PROVIDERS_ECS_RESOURCETAGS = "true" } : {},
    # What stands before it says who the client is; nobody else is believed.
    var.load_balancer.type == "application" ? {
      TIDEGATE_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS = data.aws_vpc.this.cidr_block
    } : {},
    var.environment,
  )

  container = {
    name                   = "tidegate"
    image                  = var.image
    essential              = true
    memory                 = var.memory
    user                   = "65532:65532"
    readonlyRootFilesystem = true
    stopTimeout            = var.drain.accept + var.drain.finish + 10
    environment            = [for name, value in local.variables : { name = name, value = value }]
    secrets                = [for name, arn in var.secrets : { name = name, valueFrom = arn }]
    portMappings           = [for port in values(local.ports) : { containerPort = port, hostPort = port, protocol = "tcp" }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    ulimits                = [{ name = "nofile", softLimit = 65536, hardLimit = 65536 }]
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    # Connections that wait at a worker that stops move to another.
    systemControls = [{ namespace = "net.ipv4.tcp_migrate_req", value = "1" }]
    # Not a route of itself.
    dockerLabels = { "tidegate.enable" = "false" }
    healthCheck = {
      command     = ["CMD", "tidegate", "healthcheck"]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 15
    }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = local.region
        awslogs-stream-prefix = var.name
        # A log that cannot be written must not hold up requests.
        mode            = "non-blocking"
        max-buffer-size = "16m"
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/tidegate/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = [var.launch_type]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  task_role_arn            = aws_iam_role.task.arn
  execution_role_arn       = aws_iam_role.execution.arn
  container_definitions    = jsonencode([local.container])
  tags                     = var.tags

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  # The root is read-only; the middleware `buffering` keeps long bodies here.
  volume {
    name = "tmp"
  }
}

resource "aws_ecs_service" "this" {
  name                               = var.name
  cluster                            = var.cluster_arn
  task_definition                    = aws_ecs_task_definition.this.arn
  launch_type                        = var.launch_type
  desired_count                      = var.desired_count
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = var.load_balancer.type == "none" ? null : 60
  propagate_tags                     = "SERVICE"
  enable_ecs_managed_tags            = true
  tags                               = var.tags

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [aws_security_group.task.id]
    assign_public_ip = var.assign_public_ip
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.web

    content {
      target_group_arn = load_balancer.value.arn
      container_name   = local.container.name
      container_port   = local.ports.web
    }
  }

  lifecycle {
    ignore_changes = [desired_count]
  }

  # A target group takes targets only once a listener leads to it.
  depends_on = [aws_lb_listener.http, aws_lb_listener.https, aws_iam_role_policy.task, aws_iam_role_policy.execution]
}

resource "aws_appautoscaling_target" "this" {
  for_each = var.autoscaling == null ? {} : { this = var.autoscaling }

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${element(split("/", var.cluster_arn), 1)}/${aws_ecs_service.this.name}"
  min_capacity       = each.value.min
  max_capacity       = each.value.max
  tags               = var.tags
}

resource "aws_appautoscaling_policy" "cpu" {
  for_each = aws_appautoscaling_target.this

  name               = "${var.name}-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = each.value.service_namespace
  scalable_dimension = each.value.scalable_dimension
  resource_id        = each.value.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.autoscaling.cpu_percent
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
