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
}

variables {
  image       = "registry.test/tidegate:0.1.0"
  cluster_arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/dev"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1", "subnet-2"]

  discovery = {
    clusters    = ["dev"]
    domain      = "example.com"
    environment = "dev"
  }
}

run "container" {
  command = apply

  assert {
    condition = alltrue([
      for name, value in {
        AWS_REGION                         = "eu-west-1"
        TIDEGATE_PROVIDERS_ECS_CLUSTERS    = "dev"
        TIDEGATE_PROVIDERS_ECS_DOMAIN      = "example.com"
        TIDEGATE_PROVIDERS_ECS_ENVIRONMENT = "dev"
      } : contains(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment, { name = name, value = value })
    ])
    error_message = "Tidegate is configured by variables."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
    error_message = "The root is read-only."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].user == "65532:65532"
    error_message = "The user is a numeric one."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].stopTimeout > var.drain.accept + var.drain.finish
    error_message = "ECS waits for longer than a drain takes."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].healthCheck.command == ["CMD", "tidegate", "healthcheck"]
    error_message = "The health check asks Tidegate itself."
  }

  assert {
    condition     = length(aws_lb.this) == 0 && length(aws_ecs_service.this.load_balancer) == 0
    error_message = "There is no load balancer unless asked for."
  }

  assert {
    condition     = output.dns_name == null
    error_message = "Without a load balancer there is no name."
  }
}

run "least_policy" {
  command = apply

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Action])) == toset(["ecs:ListTasks", "ecs:DescribeTasks", "ecs:DescribeTaskDefinition"])
    error_message = "With named clusters and addresses of their own, no more is needed."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.task.policy).Statement :
      try(statement.Condition.ArnEquals["ecs:cluster"], []) == ["arn:aws:ecs:eu-west-1:123456789012:cluster/dev"]
      if contains(statement.Action, "ecs:ListTasks")
    ])
    error_message = "What can be bound to the clusters is."
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Action])) == toset(["logs:CreateLogStream", "logs:PutLogEvents"])
    error_message = "A public image without secrets needs nothing but the log."
  }
}

run "whole_policy" {
  command = apply

  variables {
    discovery = {
      all_clusters = true
      service_tags = true
      hosts        = true
    }

    repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/tidegate"]

    secrets = {
      TIDEGATE_API_TOKEN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:tidegate"
    }
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Action])) == toset(flatten([
      for statement in jsondecode(file("../../policies/ecs.json")).Statement : statement.Action
    ]))
    error_message = "With everything on, it is the policy of terraform/policies."
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Sid]) == toset(["WriteLogs", "EnterEcr", "PullImages", "ReadSecrets"])
    error_message = "Private images and secrets are read by the role that starts tasks."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets[0].name == "TIDEGATE_API_TOKEN"
    error_message = "Secrets are references."
  }
}

run "application_load_balancer" {
  command = apply

  variables {
    load_balancer = {
      type            = "application"
      subnet_ids      = ["subnet-3", "subnet-4"]
      certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
    }
  }

  assert {
    condition     = aws_lb_target_group.web["this"].health_check[0].path == "/ping" && aws_lb_target_group.web["this"].health_check[0].port == "8081"
    error_message = "Health is what /ping says."
  }

  assert {
    condition     = aws_lb.this["this"].idle_timeout < 180
    error_message = "Tidegate keeps idle connections for longer than the load balancer."
  }

  assert {
    condition     = aws_lb_listener.http["this"].default_action[0].type == "redirect" && aws_lb_listener.https["this"].protocol == "HTTPS"
    error_message = "Everybody is sent to HTTPS."
  }

  assert {
    condition = contains(
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment,
      { name = "TIDEGATE_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS", value = "10.0.0.0/16" },
    )
    error_message = "The load balancer is believed, and nobody else."
  }

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.direct) == 0 && length(aws_vpc_security_group_ingress_rule.from_balancer) == 2
    error_message = "Only the load balancer reaches the tasks."
  }

  assert {
    condition     = toset([for rule in aws_vpc_security_group_ingress_rule.balancer : rule.from_port]) == toset([80, 443])
    error_message = "Clients reach 80 and 443."
  }
}

run "network_load_balancer" {
  command = apply

  variables {
    load_balancer = {
      type        = "network"
      subnet_ids  = ["subnet-3"]
      cidr_blocks = ["10.0.0.0/8"]
    }

    autoscaling = {
      min = 2
      max = 4
    }
  }

  assert {
    condition     = aws_lb_listener.http["this"].protocol == "TCP" && length(aws_lb_listener.https) == 0
    error_message = "It passes TCP."
  }

  assert {
    condition     = aws_appautoscaling_target.this["this"].resource_id == "service/dev/tidegate" && aws_appautoscaling_target.this["this"].max_capacity == 4
    error_message = "The number of tasks follows the CPU use."
  }
}

run "ec2" {
  command = apply

  variables {
    launch_type = "EC2"
  }

  assert {
    condition     = aws_ecs_service.this.launch_type == "EC2" && contains(aws_ecs_task_definition.this.requires_compatibilities, "EC2")
    error_message = "It runs on machines of the cluster."
  }
}

run "refuses_latest" {
  command = plan

  variables {
    image = "registry.test/tidegate:latest"
  }

  expect_failures = [var.image]
}

run "refuses_long_drains" {
  command = plan

  variables {
    drain = {
      accept = 60
      finish = 60
    }
  }

  expect_failures = [var.drain]
}

run "refuses_no_clusters" {
  command = plan

  variables {
    discovery = {}
  }

  expect_failures = [var.discovery]
}

run "refuses_one_zone" {
  command = plan

  variables {
    load_balancer = {
      subnet_ids = ["subnet-3"]
    }
  }

  expect_failures = [var.load_balancer]
}

run "refuses_plain_secrets" {
  command = plan

  variables {
    secrets = {
      TIDEGATE_API_TOKEN = "secret"
    }
  }

  expect_failures = [var.secrets]
}
