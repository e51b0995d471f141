<?php
require dirname(dirname(__FILE__)) . '/bootstrap.php';
ErpSync_Api::serve('order-notes');
