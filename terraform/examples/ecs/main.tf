# Tidegate and an application in two versions, in one new cluster.

provider "aws" {
  region = var.region

  default_tags {
    tags = { project = "tidegate-example" }
  }
}

resource "aws_ecs_cluster" "this" {
  name = var.cluster_name
}

module "tidegate" {
  source = "../../modules/ecs-service"

  image            = var.image
  repository_arns  = var.repository_arns
  cluster_arn      = aws_ecs_cluster.this.arn
  vpc_id           = var.vpc_id
  subnet_ids       = var.subnet_ids
  assign_public_ip = var.assign_public_ip

  discovery = {
    clusters    = [aws_ecs_cluster.this.name]
    domain      = var.domain
    environment = var.environment
  }

  load_balancer = {
    type            = "application"
    subnet_ids      = var.load_balancer_subnet_ids
    certificate_arn = var.certificate_arn
  }

  autoscaling = {
    min = 2
    max = 6
  }
}

# `whoami-v1.dev.example.com` and `whoami-v2.dev.example.com`, with no word about hosts.
module "whoami" {
  source = "../../modules/demo-app"

  cluster_arn                = aws_ecs_cluster.this.arn
  vpc_id                     = var.vpc_id
  subnet_ids                 = var.subnet_ids
  assign_public_ip           = var.assign_public_ip
  tidegate_security_group_id = module.tidegate.security_group_id
  domain                     = var.domain
  environment                = var.environment
  port                       = var.whoami_port

  # The image of Tidegate has a small service of its own; yours have different images.
  versions = {
    v1 = {
      image   = var.image
      command = ["whoami", "--port=${var.whoami_port}", "--name=first"]
    }
    v2 = {
      image         = var.image
      command       = ["whoami", "--port=${var.whoami_port}", "--name=second"]
      desired_count = 1
    }
  }
}
