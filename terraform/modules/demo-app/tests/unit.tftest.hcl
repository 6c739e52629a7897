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
  cluster_arn                = "arn:aws:ecs:eu-west-1:123456789012:cluster/dev"
  vpc_id                     = "vpc-1"
  subnet_ids                 = ["subnet-1"]
  tidegate_security_group_id = "sg-1"
  domain                     = "example.com"
  environment                = "dev"

  versions = {
    v1 = {
      image = "registry.test/whoami:1"
    }
    "v2.1" = {
      image         = "registry.test/whoami:2"
      command       = ["serve"]
      desired_count = 1
      labels        = { "tidegate.weight" = "5%" }
    }
  }
}

run "two_versions" {
  command = apply

  assert {
    condition     = output.hosts == { v1 = "whoami-v1.dev.example.com", "v2.1" = "whoami-v2-1.dev.example.com" }
    error_message = "Each version has a host of its own."
  }

  assert {
    condition = jsondecode(aws_ecs_task_definition.this["v2.1"].container_definitions)[0].dockerLabels == {
      "tidegate.enable" = "true"
      "tidegate.app"    = "whoami"
      "tidegate.tag"    = "v2.1"
      "tidegate.weight" = "5%"
    }
    error_message = "Labels tell versions apart."
  }

  assert {
    condition     = aws_ecs_service.this["v1"].desired_count == 2 && aws_ecs_service.this["v2.1"].desired_count == 1
    error_message = "Each has its number of tasks."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.from_tidegate.referenced_security_group_id == "sg-1"
    error_message = "Only Tidegate reaches it."
  }
}

run "without_environment" {
  command = plan

  variables {
    environment = ""
  }

  assert {
    condition     = output.hosts["v1"] == "whoami-v1.example.com"
    error_message = "Without an environment, the domain follows at once."
  }
}

run "refuses_wrong_tags" {
  command = plan

  variables {
    versions = {
      latest = {
        image = "registry.test/whoami:1"
      }
    }
  }

  expect_failures = [var.versions]
}
