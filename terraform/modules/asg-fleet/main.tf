data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_vpc" "this" {
  id = var.vpc_id
}

data "aws_ssm_parameter" "ami" {
  for_each = var.ami_id == null ? { this = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64" } : {}

  name = each.value
}

locals {
  ports = {
    web  = 80
    ping = 8081
  }

  region  = data.aws_region.current.name
  account = data.aws_caller_identity.current.account_id
  arns    = "arn:${data.aws_partition.current.partition}"
  ami_id  = var.ami_id == null ? data.aws_ssm_parameter.ami["this"].insecure_value : var.ami_id

  names = merge(
    var.discovery.domain == "" ? {} : { domain = var.discovery.domain },
    var.discovery.environment == "" ? {} : { environment = var.discovery.environment },
  )

  consul = [
    for consul in var.discovery.consul[*] : merge(
      local.names,
      { endpoint = { address = consul.address, scheme = consul.scheme } },
      length(consul.datacenters) == 0 ? {} : { datacenters = consul.datacenters },
    )
  ]
  ecs = [
    for ecs in var.discovery.ecs[*] : merge(
      local.names,
      { region = local.region, resourceTags = ecs.service_tags },
      ecs.all_clusters ? { autoDiscoverClusters = true } : {},
      ecs.all_clusters ? {} : { clusters = ecs.clusters },
    )
  ]
  ec2 = [
    for ec2 in var.discovery.ec2[*] : merge(
      local.names,
      { region = local.region, lifecycleStates = ec2.lifecycle_hooks },
      length(ec2.filters) == 0 ? {} : { filters = ec2.filters },
    )
  ]

  life_cycle = { lifeCycle = { requestAcceptGraceTimeout = "${var.drain.accept}s", graceTimeOut = "${var.drain.finish}s" } }

  configuration = {
    entryPoints = {
      web = {
        address   = ":${local.ports.web}"
        asDefault = true
        transport = local.life_cycle
        # The load balancer says who the client is; nobody else is believed.
        forwardedHeaders = { trustedIPs = [data.aws_vpc.this.cidr_block] }
      }
      traefik = {
        address   = ":${local.ports.ping}"
        transport = local.life_cycle
      }
    }
    ping = { entryPoint = "traefik" }
    log  = { format = "json" }
    providers = merge(
      # Serves at once when discovery is down at the start.
      { snapshot = { path = "/var/lib/tidegate/snapshot.json" } },
      { for provider in local.consul : "consulCatalog" => provider },
      { for provider in local.ecs : "ecs" => provider },
      { for provider in local.ec2 : "ec2" => provider },
    )
  }

  token_secret_arn = try(var.discovery.consul.token_secret_arn, null)
  secrets          = local.token_secret_arn == null ? {} : { TIDEGATE_PROVIDERS_CONSULCATALOG_ENDPOINT_TOKEN = local.token_secret_arn }
}

module "user_data" {
  source = "./user-data"

  group         = var.name
  region        = local.region
  node_version  = var.node_version
  package       = var.package
  configuration = yamlencode(local.configuration)
  environment   = merge({ AWS_REGION = local.region }, var.environment)
  secrets       = local.secrets
}

resource "aws_launch_template" "this" {
  name_prefix            = "${var.name}-"
  image_id               = local.ami_id
  instance_type          = var.instance_type
  key_name               = var.key_name
  update_default_version = true
  user_data              = base64gzip(module.user_data.script)
  tags                   = var.tags

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted             = true
      volume_type           = "gp3"
      volume_size           = 8
      delete_on_termination = true
    }
  }

  # No bill without an end: who is out of credits is slow, and the alarm says so.
  dynamic "credit_specification" {
    for_each = startswith(var.instance_type, "t") ? ["standard"] : []

    content {
      cpu_credits = credit_specification.value
    }
  }

  network_interfaces {
    security_groups = [aws_security_group.machine.id]
  }

  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])

    content {
      resource_type = tag_specifications.value
      tags          = merge({ Name = var.name }, var.tags)
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "this" {
  name                      = var.name
  min_size                  = var.size.min
  desired_capacity          = var.size.desired
  max_size                  = var.size.max
  vpc_zone_identifier       = var.subnet_ids
  target_group_arns         = [aws_lb_target_group.this.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 90
  default_instance_warmup   = 60
  termination_policies      = ["OldestLaunchTemplate", "OldestInstance"]
  wait_for_capacity_timeout = "10m"

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # A machine counts once Tidegate serves on it; one that never does is replaced.
  initial_lifecycle_hook {
    name                 = "launching"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
    heartbeat_timeout    = 600
    default_result       = "ABANDON"
  }

  # It may go once Tidegate has finished what it had.
  initial_lifecycle_hook {
    name                 = "terminating"
    lifecycle_transition = "autoscaling:EC2_INSTANCE_TERMINATING"
    heartbeat_timeout    = var.drain.accept + var.drain.finish + 60
    default_result       = "CONTINUE"
  }

  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 150
      auto_rollback          = true
    }
  }

  dynamic "tag" {
    for_each = merge({ Name = var.name }, var.tags)

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    ignore_changes = [desired_capacity]
  }

  depends_on = [aws_lb_listener.https, aws_iam_role_policy.this]
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "${var.name}-cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.cpu_percent

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}
