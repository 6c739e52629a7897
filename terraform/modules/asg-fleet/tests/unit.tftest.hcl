mock_provider "aws" {
  mock_data "aws_region" {
    defaults = {
      name = "eu-west-1"
    }
  }

  mock_data "aws_caller_identity" {
    defaults = {
      account_id = "123456789012"
    }
  }

  mock_data "aws_partition" {
    defaults = {
      partition = "aws"
    }
  }

  mock_data "aws_vpc" {
    defaults = {
      cidr_block = "10.0.0.0/16"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::123456789012:role/tidegate"
    }
  }

  mock_resource "aws_lb" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/tidegate/1"
    }
  }

  mock_resource "aws_lb_target_group" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/tidegate/1"
    }
  }

  mock_resource "aws_ecs_task_definition" {
    defaults = {
      arn = "arn:aws:ecs:eu-west-1:123456789012:task-definition/tidegate:1"
    }
  }

  mock_data "aws_ssm_parameter" {
    defaults = {
      insecure_value = "ami-12345678"
    }
  }

  mock_resource "aws_launch_template" {
    defaults = {
      id = "lt-0123456789abcdef0"
    }
  }

  mock_resource "aws_iam_instance_profile" {
    defaults = {
      arn = "arn:aws:iam::123456789012:instance-profile/tidegate"
    }
  }
}

variables {
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-1", "subnet-2"]
  load_balancer_subnet_ids = ["subnet-3", "subnet-4"]
  certificate_arn          = "arn:aws:acm:eu-west-1:123456789012:certificate/1"

  discovery = {
    domain      = "example.com"
    environment = "prod"
    consul      = { address = "consul.test:8500", token_secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:consul" }
  }
}

run "machines" {
  command = apply

  assert {
    condition     = aws_launch_template.this.instance_type == "t3.micro" && aws_launch_template.this.image_id == "ami-12345678"
    error_message = "Small machines with the newest image."
  }

  assert {
    condition     = aws_launch_template.this.metadata_options[0].http_tokens == "required" && aws_launch_template.this.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Only IMDSv2, and not through a proxy."
  }

  assert {
    condition     = tobool(aws_launch_template.this.block_device_mappings[0].ebs[0].encrypted)
    error_message = "The disk is encrypted."
  }

  assert {
    condition     = aws_launch_template.this.credit_specification[0].cpu_credits == "standard"
    error_message = "Credits cost nothing more."
  }

  assert {
    condition     = aws_autoscaling_group.this.health_check_type == "ELB" && aws_autoscaling_group.this.instance_refresh[0].strategy == "Rolling"
    error_message = "What /ping says counts, and machines are replaced one after the other."
  }

  assert {
    condition = { for hook in aws_autoscaling_group.this.initial_lifecycle_hook : hook.name => hook.default_result } == {
      launching   = "ABANDON"
      terminating = "CONTINUE"
    }
    error_message = "Machines join when they serve, and leave when they have drained."
  }

  assert {
    condition     = aws_lb_target_group.this.health_check[0].path == "/ping" && aws_lb_target_group.this.health_check[0].port == "8081" && aws_lb_target_group.this.deregistration_delay == "30"
    error_message = "The target group asks /ping, and lets go within 30 s."
  }

  assert {
    condition     = aws_lb.this.idle_timeout < 180
    error_message = "Tidegate keeps idle connections for longer than the load balancer."
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.this) == 3 && length(aws_cloudwatch_metric_alarm.credits) == 1
    error_message = "Alarms for health, errors, slowness and credits."
  }
}

run "configuration_for_consul" {
  command = apply

  assert {
    condition = yamldecode(output.configuration).providers.consulCatalog == {
      domain      = "example.com"
      environment = "prod"
      endpoint    = { address = "consul.test:8500", scheme = "http" }
    }
    error_message = "The configuration names the agent, and not the token."
  }

  assert {
    condition     = keys(yamldecode(output.configuration).providers) == ["consulCatalog", "snapshot"]
    error_message = "There is no other provider."
  }

  assert {
    condition     = yamldecode(output.configuration).entryPoints.web.forwardedHeaders.trustedIPs == ["10.0.0.0/16"]
    error_message = "The load balancer is believed, and nobody else."
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Sid]) == toset(["CompleteLifeCycleHooks", "ReadSecrets"])
    error_message = "Consul needs nothing of AWS but its token."
  }
}

run "whole_policy" {
  command = apply

  variables {
    discovery = {
      domain = "example.com"
      ecs    = { all_clusters = true, service_tags = true }
      ec2    = { filters = ["tag:team=shop"] }
    }
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Action if statement.Sid != "CompleteLifeCycleHooks"])) == toset(flatten([
      for name in ["ecs", "ec2"] : [for statement in jsondecode(file("../../policies/${name}.json")).Statement : statement.Action]
    ]))
    error_message = "With everything on, it is the policies of terraform/policies."
  }

  assert {
    condition     = yamldecode(output.configuration).providers.ec2 == { domain = "example.com", filters = ["tag:team=shop"], lifecycleStates = true, region = "eu-west-1" }
    error_message = "Machines are found by their tags, with their life cycle."
  }

  assert {
    condition     = yamldecode(output.configuration).providers.ecs == { autoDiscoverClusters = true, domain = "example.com", region = "eu-west-1", resourceTags = true }
    error_message = "Tasks of all clusters are found."
  }
}

run "larger_machines" {
  command = apply

  variables {
    instance_type = "m7i.large"
    ami_id        = "ami-1"
  }

  assert {
    condition     = length(aws_launch_template.this.credit_specification) == 0 && length(aws_cloudwatch_metric_alarm.credits) == 0 && aws_launch_template.this.image_id == "ami-1"
    error_message = "What is not burstable has no credits."
  }
}

run "refuses_no_discovery" {
  command = plan

  variables {
    discovery = {}
  }

  expect_failures = [var.discovery]
}

run "refuses_old_node" {
  command = plan

  variables {
    node_version = "24.1.0"
  }

  expect_failures = [var.node_version]
}

run "refuses_floating_packages" {
  command = plan

  variables {
    package = "tidegate@latest"
  }

  expect_failures = [var.package]
}

run "refuses_wrong_sizes" {
  command = plan

  variables {
    size = {
      min     = 3
      desired = 2
    }
  }

  expect_failures = [var.size]
}

run "refuses_long_drains" {
  command = plan

  variables {
    drain = {
      accept = 30
      finish = 30
    }
  }

  expect_failures = [var.drain]
}
