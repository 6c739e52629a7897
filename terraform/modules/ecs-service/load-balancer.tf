locals {
  balancer = var.load_balancer.type == "none" ? {} : { this = var.load_balancer }
  layer_7  = var.load_balancer.type == "application"
  # The protocol of listeners that end TLS, and of those that do not.
  secure_protocol = local.layer_7 ? "HTTPS" : "TLS"
  plain_protocol  = local.layer_7 ? "HTTP" : "TCP"
  certificate     = var.load_balancer.certificate_arn == null ? {} : local.balancer
}

resource "aws_security_group" "task" {
  name_prefix = "${var.name}-task-"
  description = "Tasks of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge({ Name = "${var.name}-task" }, var.tags)

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "task" {
  security_group_id = aws_security_group.task.id
  description       = "To services, wherever they are, and to AWS"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "from_balancer" {
  for_each = length(local.balancer) == 0 ? {} : local.ports

  security_group_id            = aws_security_group.task.id
  description                  = "From the load balancer to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  referenced_security_group_id = aws_security_group.balancer["this"].id
}

resource "aws_vpc_security_group_ingress_rule" "direct" {
  for_each = var.load_balancer.type == "none" ? toset(var.load_balancer.cidr_blocks) : toset([])

  security_group_id = aws_security_group.task.id
  description       = "From clients"
  ip_protocol       = "tcp"
  from_port         = local.ports.web
  to_port           = local.ports.web
  cidr_ipv4         = each.value
}

resource "aws_security_group" "balancer" {
  for_each = local.balancer

  name_prefix = "${var.name}-lb-"
  description = "Load balancer of ${var.name}"
  vpc_id      = var.vpc_id
  tags        = merge({ Name = "${var.name}-lb" }, var.tags)

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  for_each = length(local.balancer) == 0 ? {} : local.ports

  security_group_id            = aws_security_group.balancer["this"].id
  description                  = "To ${each.key} of the tasks"
  ip_protocol                  = "tcp"
  from_port                    = each.value
  to_port                      = each.value
  referenced_security_group_id = aws_security_group.task.id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = {
    for pair in setproduct(length(local.certificate) == 0 ? [80] : [80, 443], var.load_balancer.cidr_blocks) :
    "${pair[1]} ${pair[0]}" => { port = pair[0], cidr_block = pair[1] } if length(local.balancer) > 0
  }

  security_group_id = aws_security_group.balancer["this"].id
  description       = "From clients"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.cidr_block
}

resource "aws_lb" "this" {
  for_each = local.balancer

  name                             = var.name
  load_balancer_type               = each.value.type
  internal                         = each.value.internal
  subnets                          = each.value.subnet_ids
  security_groups                  = [aws_security_group.balancer["this"].id]
  enable_cross_zone_load_balancing = true
  # Below the time for which Tidegate keeps an idle connection (180 s), or answers 502 would follow.
  idle_timeout               = local.layer_7 ? 60 : null
  drop_invalid_header_fields = local.layer_7 ? true : null
  tags                       = var.tags
}

resource "aws_lb_target_group" "web" {
  for_each = local.balancer

  name_prefix          = "tg-"
  vpc_id               = var.vpc_id
  target_type          = "ip"
  port                 = local.ports.web
  protocol             = local.plain_protocol
  deregistration_delay = var.drain.accept
  tags                 = var.tags

  load_balancing_algorithm_type = local.layer_7 ? "least_outstanding_requests" : null

  health_check {
    protocol            = "HTTP"
    port                = tostring(local.ports.ping)
    path                = "/ping"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "https" {
  for_each = local.certificate

  load_balancer_arn = aws_lb.this["this"].arn
  port              = 443
  protocol          = local.secure_protocol
  certificate_arn   = each.value.certificate_arn
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  tags              = var.tags

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web["this"].arn
  }
}

resource "aws_lb_listener" "http" {
  for_each = local.balancer

  load_balancer_arn = aws_lb.this["this"].arn
  port              = 80
  protocol          = local.plain_protocol
  tags              = var.tags

  # With a certificate, an application load balancer sends everybody to HTTPS.
  default_action {
    type             = local.layer_7 && length(local.certificate) > 0 ? "redirect" : "forward"
    target_group_arn = local.layer_7 && length(local.certificate) > 0 ? null : aws_lb_target_group.web["this"].arn

    dynamic "redirect" {
      for_each = local.layer_7 ? local.certificate : {}

      content {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }
}
