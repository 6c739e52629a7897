locals {
  balancer_dimensions = { LoadBalancer = aws_lb.this.arn_suffix }
  target_dimensions   = merge(local.balancer_dimensions, { TargetGroup = aws_lb_target_group.this.arn_suffix })

  alarms = {
    unhealthy-machines = {
      description = "A machine does not answer /ping: see its log by `journalctl --unit=tidegate`."
      namespace   = "AWS/ApplicationELB"
      metric      = "UnHealthyHostCount"
      dimensions  = local.target_dimensions
      statistic   = "Maximum"
      threshold   = 1
      periods     = 3
    }
    errors-of-load-balancer = {
      description = "The load balancer itself answers 5xx: no machine is healthy, or connections break."
      namespace   = "AWS/ApplicationELB"
      metric      = "HTTPCode_ELB_5XX_Count"
      dimensions  = local.balancer_dimensions
      statistic   = "Sum"
      threshold   = 10
      periods     = 2
    }
    slow-answers = {
      description = "One request of a hundred takes longer than 2 s."
      namespace   = "AWS/ApplicationELB"
      metric      = "TargetResponseTime"
      dimensions  = local.target_dimensions
      statistic   = "p99"
      threshold   = 2
      periods     = 5
    }
  }

  # Only burstable types have credits.
  has_credits = startswith(var.instance_type, "t")
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = startswith(each.value.statistic, "p") ? null : each.value.statistic
  extended_statistic  = startswith(each.value.statistic, "p") ? each.value.statistic : null
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  period              = 60
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "credits" {
  for_each = local.has_credits ? { this = 20 } : {}

  alarm_name          = "${var.name}-cpu-credits"
  alarm_description   = "Soon out of CPU credits, and then slow: take more machines, or larger ones."
  namespace           = "AWS/EC2"
  metric_name         = "CPUCreditBalance"
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.this.name }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = each.value
  period              = 300
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
  ok_actions          = var.alarm_actions
  tags                = var.tags
}
